// A server's certificate that may change between two handshakes: for servers that have a context of
// OpenSSL and no way of their own to take up a new one.
#pragma once

#include <functional>
#include <memory>
#include <string>

struct ssl_ctx_st;

namespace sg::security {

// In PEM. The certificate is followed by those between it and the root.
struct ServerCertificate {
  std::string certificate;
  std::string key;
};

// From now on the context shows, in each handshake, what `now` returns then. A handshake for which
// it returns nothing that can be used fails. `now` is called on the threads of handshakes. TLS 1.2
// or later.
void show_certificate(ssl_ctx_st& context, std::function<ServerCertificate()> now);

}  // namespace sg::security
