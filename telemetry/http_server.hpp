// The HTTP server of the metrics and the status page: one request for each connection, only reads.
//
//   auto server = HttpServer::open({"127.0.0.1", 9464}, {}, handle);
//   if (!server) return server.error();
//
// Limits: kConnections at once, and the next ones wait in the kernel's queue; kMostRequestBytes of
// a request, which has no body. A connection whose request has not come within kPatience, or whose
// answer has not been taken within kPatience, is cut off, however slowly its bytes drip.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

// OpenSSL's.
struct ssl_ctx_st;

namespace sg::telemetry {

struct HttpRequest {
  std::string path;  // decoded, without the query
  std::multimap<std::string, std::string> query;
  std::string authorization;  // of the header; empty: there is none
  std::string host;           // of the header, with its port if it has one
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

// The target of a request, such as "/api/history?id=a%20b". Nullopt: it is none, or a code of it is
// wrong.
std::optional<HttpRequest> parse_target(std::string_view target);

class HttpServer {
 public:
  static constexpr std::size_t kConnections = 64;
  static constexpr std::size_t kThreads = 4;  // that make answers
  static constexpr std::size_t kMostRequestBytes = 16'384;
  static constexpr std::chrono::seconds kPatience{5};

  struct Place {
    std::string host;
    std::uint16_t port = 0;  // 0: the system chooses
  };
  // Prepares a context for TLS. Empty: without TLS.
  using SetUpTls = std::function<void(ssl_ctx_st& context)>;
  // Called on the server's threads, several at once.
  using Handle = std::function<HttpResponse(const HttpRequest& request)>;

  // Listens and serves. The error is a sentence.
  static tl::expected<std::unique_ptr<HttpServer>, std::string> open(const Place& place,
                                                                     const SetUpTls& tls,
                                                                     Handle handle);
  // Closes all connections. Waits for answers that are being made.
  ~HttpServer();

  int port() const;

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sg::telemetry
