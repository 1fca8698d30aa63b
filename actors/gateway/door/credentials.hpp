// How connections are encrypted.
//
//   builder.AddListeningPort(address, server_credentials(settings.tls, material));
#pragma once

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string_view>
#include <vector>

#include "actors/gateway/door/tls_material.hpp"
#include "config/settings.hpp"

namespace sg::actors {

// Plain if TLS is off. A new certificate of `material` is used from the next connection on; those
// that are open keep theirs. Needs with TLS: the material is set before the server starts.
std::shared_ptr<grpc::ServerCredentials> server_credentials(
    const config::Tls& tls, std::shared_ptr<const TlsMaterial> material);

// The names of the client's certificate, if TLS has verified one: subject alternative names first,
// then common names. They are views of the context.
std::vector<std::string_view> certificate_names(const grpc::AuthContext& context);

}  // namespace sg::actors
