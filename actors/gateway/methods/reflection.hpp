// The answers of server reflection: which services there are, and the descriptors of the files that
// define them. Tools such as grpcurl use it to call methods without the .proto files.
#pragma once

#include <span>
#include <string>

#include "proto/reflection_v1.pb.h"

namespace sg::actors {

// Answers one request. `services` are the full names of those that are served. An error becomes
// part of the response, not a status. v1 and v1alpha have the same messages, so this serves both.
grpc::reflection::v1::ServerReflectionResponse reflect(
    const grpc::reflection::v1::ServerReflectionRequest& request,
    std::span<const std::string> services);

}  // namespace sg::actors
