// One thread moves the bytes of all connections, and a few make the answers, which may wait for
// actors. A connection:
//
//   accepted -> TLS handshake -> request read -> (a thread of the pool) answer made -> written
//
// Reading, with the handshake, and writing have a deadline each. A connection counts until it is
// destroyed; while there are kConnections of them none is accepted.
#include "telemetry/http_server.hpp"

#include <atomic>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace sg::telemetry {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using Tcp = asio::ip::tcp;

namespace {

// How long it waits after accepting has failed, such as for want of descriptors.
constexpr std::chrono::milliseconds kAcceptAgain{200};

std::string text_of(boost::string_view text) { return {text.data(), text.size()}; }

}  // namespace

struct HttpServer::State {
  explicit State(Handle handler) : handle(std::move(handler)) {}

  void accept();
  void accept_soon();
  void serve(Tcp::socket socket);
  // On the thread of `io`.
  void connection_ended() {
    --connections;
    if (!accepting) accept();
  }

  Handle handle;
  asio::io_context io{1};
  asio::thread_pool pool{kThreads};
  std::optional<asio::ssl::context> tls;
  Tcp::acceptor acceptor{io};
  asio::steady_timer again{io};
  std::size_t connections = 0;
  bool accepting = false;
  bool ends = false;
  // Nobody counts connections any more.
  std::shared_ptr<std::atomic<bool>> over = std::make_shared<std::atomic<bool>>(false);
  std::thread thread;
};

namespace {

using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

HttpResponse wrong(int status, const char* why) {
  HttpResponse response;
  response.status = status;
  response.body = std::string(why) + "\n";
  return response;
}

template <class Stream, class Ended>
class Connection : public std::enable_shared_from_this<Connection<Stream, Ended>> {
 public:
  template <class... Args>
  Connection(const HttpServer::Handle& handle, asio::thread_pool& pool, Ended ended,
             std::string peer, Args&&... args)
      : handle_(handle),
        pool_(pool),
        ended_(std::move(ended)),
        peer_(std::move(peer)),
        stream_(std::forward<Args>(args)...) {
    parser_.header_limit(HttpServer::kMostRequestBytes);
    parser_.body_limit(0);
  }
  ~Connection() { ended_(); }

  void begin() {
    beast::get_lowest_layer(stream_).expires_after(HttpServer::kPatience);
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](error_code error) {
                                if (!error) self->read();
                              });
    } else {
      read();
    }
  }

 private:
  void read() {
    http::async_read_header(stream_, buffer_, parser_,
                            [self = this->shared_from_this()](error_code error, std::size_t) {
                              self->was_read(error);
                            });
  }

  void was_read(error_code error) {
    if (error == http::error::header_limit) return write(wrong(431, "the request is too large"));
    if (error.category() == http::make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
      return write(wrong(400, "this is no request of HTTP"));
    }
    if (error) return;
    const auto& request = parser_.get();
    is_head_ = request.method() == http::verb::head;
    if (request.method() != http::verb::get && !is_head_) {
      return write(wrong(405, "there is nothing to be written here: only GET and HEAD"));
    }
    auto asked = parse_target({request.target().data(), request.target().size()});
    if (!asked) return write(wrong(400, "the path has a wrong code"));
    asked->authorization = text_of(request[http::field::authorization]);
    asked->host = text_of(request[http::field::host]);
    asked->peer = peer_;
    // The answer may take as long as it takes; its maker has bounds of its own.
    beast::get_lowest_layer(stream_).expires_never();
    asio::post(pool_, [self = this->shared_from_this(), asked = std::move(*asked)] {
      auto answer = self->handle_(asked);
      const auto executor = self->stream_.get_executor();
      asio::post(executor,
                 [self, answer = std::move(answer)]() mutable { self->write(std::move(answer)); });
    });
  }

  void write(HttpResponse answer) {
    response_.result(static_cast<unsigned>(answer.status));
    response_.version(11);
    response_.keep_alive(false);
    response_.set(http::field::content_type, answer.type);
    for (const auto& [name, value] : answer.headers) response_.set(name, value);
    if (answer.status == 405) response_.set(http::field::allow, "GET, HEAD");
    response_.body() = std::move(answer.body);
    response_.prepare_payload();
    if (is_head_) response_.body().clear();
    beast::get_lowest_layer(stream_).expires_after(HttpServer::kPatience);
    http::async_write(stream_, response_,
                      [self = this->shared_from_this()](error_code error, std::size_t) {
                        if (!error) self->close();
                      });
  }

  void close() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      stream_.async_shutdown([self = this->shared_from_this()](error_code) {});
    } else {
      error_code ignored;
      stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    }
  }

  const HttpServer::Handle& handle_;
  asio::thread_pool& pool_;
  Ended ended_;
  std::string peer_;
  Stream stream_;
  beast::flat_buffer buffer_{HttpServer::kMostRequestBytes};
  http::request_parser<http::empty_body> parser_;
  http::response<http::string_body> response_;
  bool is_head_ = false;
};

}  // namespace

void HttpServer::State::accept() {
  accepting = !ends && connections < kConnections;
  if (!accepting) return;
  acceptor.async_accept([this](error_code error, Tcp::socket socket) {
    if (ends) return;
    if (error) return accept_soon();
    serve(std::move(socket));
    accept();
  });
}

void HttpServer::State::accept_soon() {
  again.expires_after(kAcceptAgain);
  again.async_wait([this](error_code error) {
    if (!error) accept();
  });
}

void HttpServer::State::serve(Tcp::socket socket) {
  error_code error;
  const auto peer = socket.remote_endpoint(error);
  const auto address = error ? std::string() : peer.address().to_string(error);
  ++connections;
  // A connection may be destroyed on a thread that makes answers.
  auto ended = [this, over = over] {
    if (!*over) asio::post(io, [this] { connection_ended(); });
  };
  if (tls) {
    std::make_shared<Connection<TlsStream, decltype(ended)>>(handle, pool, ended, address,
                                                             std::move(socket), *tls)
        ->begin();
  } else {
    std::make_shared<Connection<PlainStream, decltype(ended)>>(handle, pool, ended, address,
                                                               std::move(socket))
        ->begin();
  }
}

tl::expected<std::unique_ptr<HttpServer>, std::string> HttpServer::open(const Place& place,
                                                                        const SetUpTls& tls,
                                                                        Handle handle) {
  auto state = std::make_unique<State>(std::move(handle));
  const auto where = place.host + ":" + std::to_string(place.port);
  if (tls) {
    state->tls.emplace(asio::ssl::context::tls_server);
    tls(*state->tls->native_handle());
  }
  error_code error;
  const auto cannot = [&] {
    return tl::unexpected("cannot listen on " + where + ": " + error.message());
  };
  Tcp::resolver resolver(state->io);
  const auto found =
      resolver.resolve(place.host, std::to_string(place.port), Tcp::resolver::passive, error);
  if (error) return cannot();
  const auto endpoint = found.begin()->endpoint();
  auto& acceptor = state->acceptor;
  if (acceptor.open(endpoint.protocol(), error); error) return cannot();
  acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
  if (acceptor.bind(endpoint, error); error) return cannot();
  if (acceptor.listen(asio::socket_base::max_listen_connections, error); error) return cannot();
  state->accept();
  state->thread = std::thread([io = &state->io] { io->run(); });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() {
  asio::post(state_->io, [state = state_.get()] { state->ends = true; });
  state_->pool.stop();
  state_->pool.join();
  *state_->over = true;
  state_->io.stop();
  state_->thread.join();
}

int HttpServer::port() const {
  error_code ignored;
  return state_->acceptor.local_endpoint(ignored).port();
}

}  // namespace sg::telemetry
