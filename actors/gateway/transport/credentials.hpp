// How connections are encrypted.
//
//   builder.AddListeningPort(address, server_credentials(settings.tls));
//
// With TLS the files are looked at every second. A certificate or key that has changed is used for
// the next connection; those that are open keep theirs.
#pragma once

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string_view>
#include <vector>

#include "config/settings.hpp"

namespace sg::actors {

// Plain if TLS is off. While the files cannot be read, every connection is refused.
std::shared_ptr<grpc::ServerCredentials> server_credentials(const config::Tls& tls);

// The names of the client's certificate, if TLS has verified one: subject alternative names first,
// then common names. They are views of the context.
std::vector<std::string_view> certificate_names(const grpc::AuthContext& context);

}  // namespace sg::actors
