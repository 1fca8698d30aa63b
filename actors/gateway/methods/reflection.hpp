// What server reflection answers: which services there are, and the descriptors of their files.
#pragma once

#include <span>
#include <string>

#include "proto/reflection_v1.pb.h"

namespace sg::actors {

// `services`: the full names of those that are served. v1 and v1alpha have the same messages.
grpc::reflection::v1::ServerReflectionResponse reflect(
    const grpc::reflection::v1::ServerReflectionRequest& request,
    std::span<const std::string> services);

}  // namespace sg::actors
