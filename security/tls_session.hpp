// TLS over a connection whose socket belongs to somebody else: bytes of the socket go in and out by
// memory. For the links between nodes; both ends show a certificate.
//
//   TlsContext context = ...;                       // from the files of [cluster]
//   TlsSession session(context, TlsSession::Side::client);
//   session.read(bytes_of_socket, plain);           // appends what the peer said
//   session.write(plain);                           // encrypted, or held until the handshake is
//   done session.take(bytes_for_socket);                 // appends what the socket has to send
//
// Concurrency: a context may be shared between threads; a session belongs to one. Memory: what is
// written before the handshake is done waits in the session.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

struct ssl_ctx_st;
struct ssl_st;

namespace sg::security {

// The certificate, its key, and who signs the certificates of peers; TLS 1.2 or later.
using TlsContext = std::shared_ptr<ssl_ctx_st>;

// Reads the three files, in PEM. The error is a sentence that names the file.
tl::expected<TlsContext, std::string> make_tls_context(const std::filesystem::path& certificate,
                                                       const std::filesystem::path& key,
                                                       const std::filesystem::path& ca);

class TlsSession {
 public:
  enum class Side { client, server };

  // Throws std::bad_alloc if OpenSSL has no memory.
  TlsSession(const TlsContext& context, Side side);

  // The handshake is done: the peer has shown a certificate that the context's `ca` has signed.
  bool is_ready() const { return is_ready_; }
  // Takes bytes from the socket and appends what they say to `plain`. The error says why the
  // connection is of no more use.
  tl::expected<void, std::string> read(std::string_view bytes, std::string& plain);
  tl::expected<void, std::string> write(std::string_view plain);
  // Appends what is to be sent to `to`.
  void take(std::vector<char>& to);
  // True if the peer's certificate is for this host, a name or an address. Needs: is_ready().
  bool peer_is(const std::string& host) const;

 private:
  struct Free {
    void operator()(ssl_st* session) const;
  };
  tl::expected<void, std::string> shake_hands();

  TlsContext context_;
  std::unique_ptr<ssl_st, Free> session_;
  bool is_ready_ = false;
  std::string held_;  // written before the handshake is done
};

}  // namespace sg::security
