#include "telemetry/http_server.hpp"

#include <httplib.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace sg::telemetry {
namespace {

// Requests are read only, so they have no body.
constexpr std::size_t kMostBodyBytes = 4096;

// Threads for connections. The thread that accepts waits while too many are queued.
class Workers final : public httplib::TaskQueue {
 public:
  Workers() {
    for (int i = 0; i < HttpServer::kThreads; ++i) threads_.emplace_back([this] { work(); });
  }

  void enqueue(std::function<void()> task) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ends_ || tasks_.size() < HttpServer::kWaiting; });
    tasks_.push_back(std::move(task));
    changed_.notify_all();
  }

  void shutdown() override {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
      changed_.notify_all();
    }
    for (auto& thread : threads_) thread.join();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return ends_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      changed_.notify_all();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool ends_ = false;
  std::vector<std::thread> threads_;
};

void answer(const HttpServer::Handle& handle, const httplib::Request& request,
            httplib::Response& response) {
  HttpRequest asked{
      request.path, {}, request.get_header_value("Authorization"), request.remote_addr};
  for (const auto& [name, value] : request.params) asked.query.emplace(name, value);
  auto told = handle(asked);
  response.status = told.status;
  for (const auto& [name, value] : told.headers) response.set_header(name, value);
  response.set_content(std::move(told.body), told.type);
}

}  // namespace

std::string HttpRequest::value(const std::string& name, const std::string& otherwise) const {
  const auto found = query.find(name);
  return found == query.end() ? otherwise : found->second;
}

struct HttpServer::State {
  std::unique_ptr<httplib::Server> server;
  int port = 0;
  std::thread thread;
};

tl::expected<std::unique_ptr<HttpServer>, std::string> HttpServer::open(const Place& place,
                                                                        const SetUpTls& tls,
                                                                        Handle handle) {
  auto state = std::make_unique<State>();
  if (tls) {
    state->server = std::make_unique<httplib::SSLServer>(tls);
  } else {
    state->server = std::make_unique<httplib::Server>();
  }
  auto& server = *state->server;
  const auto where = place.host + ":" + std::to_string(place.port);
  if (!server.is_valid()) return tl::unexpected("cannot use TLS on " + where);
  server.new_task_queue = [] { return new Workers(); };
  server.set_keep_alive_max_count(1);
  server.set_keep_alive_timeout(kSilence.count());
  server.set_read_timeout(kPatience);
  server.set_write_timeout(kPatience);
  server.set_payload_max_length(kMostBodyBytes);
  // Without SO_REUSEPORT, which would let two servers take one port.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  const auto get = [handle = std::move(handle)](const httplib::Request& request,
                                                httplib::Response& response) {
    answer(handle, request, response);
  };
  server.Get(".*", get);
  state->port = place.port == 0 ? server.bind_to_any_port(place.host)
                                : (server.bind_to_port(place.host, place.port) ? place.port : -1);
  if (state->port < 0) {
    return tl::unexpected("cannot listen on " + where + ": " + std::strerror(errno));
  }
  state->thread = std::thread([&server] { server.listen_after_bind(); });
  // stop() has no effect on a server that does not run yet.
  while (!server.is_running()) std::this_thread::yield();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() {
  state_->server->stop();
  state_->thread.join();
}

int HttpServer::port() const { return state_->port; }

}  // namespace sg::telemetry
