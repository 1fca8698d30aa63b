#include "actors/gateway/transport/raw_service.hpp"

#include <grpcpp/impl/codegen/rpc_service_method.h>

namespace sg::actors {
namespace {

// Which sides of the method stream, in gRPC's terms.
grpc::internal::RpcMethod::RpcType type_of(const google::protobuf::MethodDescriptor& method) {
  using grpc::internal::RpcMethod;
  if (method.client_streaming()) {
    return method.server_streaming() ? RpcMethod::BIDI_STREAMING : RpcMethod::CLIENT_STREAMING;
  }
  return method.server_streaming() ? RpcMethod::SERVER_STREAMING : RpcMethod::NORMAL_RPC;
}

}  // namespace

RawService::RawService(const google::protobuf::ServiceDescriptor& descriptor)
    : descriptor_(descriptor) {
  // gRPC keeps pointers to the texts, so the vector must not move them.
  paths_.reserve(static_cast<std::size_t>(descriptor.method_count()));
  for (int i = 0; i < descriptor.method_count(); ++i) {
    const auto& method = *descriptor.method(i);
    paths_.push_back("/" + descriptor.full_name() + "/" + method.name());
    AddMethod(
        new grpc::internal::RpcServiceMethod(paths_.back().c_str(), type_of(method), nullptr));
    MarkMethodRaw(i);
  }
}

}  // namespace sg::actors
