// The HTTP server of the metrics and the status page: a few threads, one request for each
// connection, only reads.
//
//   auto server = HttpServer::open({"127.0.0.1", 9464}, {}, handle);
//   if (!server) return server.error();
//
// Limits: kThreads connections are served at once and kWaiting wait; more stay in the kernel's
// queue. A client that says nothing for kSilence, or that does not send its request or take its
// answer within kPatience, is cut off.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tl/expected.hpp>

// OpenSSL's.
struct ssl_ctx_st;

namespace sg::telemetry {

struct HttpRequest {
  std::string path;  // decoded, without the query
  std::multimap<std::string, std::string> query;
  std::string authorization;  // of the header; empty: there is none
  std::string peer;           // the caller's address

  // The first value of that name; `otherwise` if there is none.
  std::string value(const std::string& name, const std::string& otherwise = {}) const;
};

struct HttpResponse {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body{};
  std::multimap<std::string, std::string> headers{};
};

class HttpServer {
 public:
  static constexpr int kThreads = 8;
  static constexpr int kWaiting = 64;
  static constexpr std::chrono::seconds kSilence{1};
  static constexpr std::chrono::seconds kPatience{5};

  struct Place {
    std::string host;
    std::uint16_t port = 0;  // 0: the system chooses
  };
  // Prepares a context for TLS; false: it cannot. Empty: without TLS.
  using SetUpTls = std::function<bool(ssl_ctx_st& context)>;
  // Called on the server's threads, several at once.
  using Handle = std::function<HttpResponse(const HttpRequest& request)>;

  // Listens and serves. The error is a sentence.
  static tl::expected<std::unique_ptr<HttpServer>, std::string> open(const Place& place,
                                                                     const SetUpTls& tls,
                                                                     Handle handle);
  // Stops: what is in work is answered first.
  ~HttpServer();

  int port() const;

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sg::telemetry
