// A gRPC service whose methods take and give bytes instead of messages. It is built from the
// service's descriptor. gRPC's code generator does the same with its WithRawMethod templates, one
// type for each method; here one type serves every method.
#pragma once

#include <google/protobuf/descriptor.h>
#include <grpcpp/impl/codegen/service_type.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/byte_buffer.h>

namespace sg::actors {

class RawService final : public grpc::Service {
 public:
  // Needs: the descriptor outlives the service, as those of generated files do.
  explicit RawService(const google::protobuf::ServiceDescriptor& descriptor);

  const google::protobuf::ServiceDescriptor& descriptor() const { return descriptor_; }

  // Each of these asks gRPC for the method's next call. `method` is its index in the descriptor.
  // When a client comes, `tag` arrives in `queue`, and `context` and `request` (if there is one)
  // are filled.
  void request_unary(int method, grpc::ServerContext* context, grpc::ByteBuffer* request,
                     grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>* writer,
                     grpc::ServerCompletionQueue* queue, void* tag) {
    RequestAsyncUnary(method, context, request, writer, queue, queue, tag);
  }
  void request_server_stream(int method, grpc::ServerContext* context, grpc::ByteBuffer* request,
                             grpc::ServerAsyncWriter<grpc::ByteBuffer>* writer,
                             grpc::ServerCompletionQueue* queue, void* tag) {
    RequestAsyncServerStreaming(method, context, request, writer, queue, queue, tag);
  }
  void request_bidi_stream(
      int method, grpc::ServerContext* context,
      grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>* stream,
      grpc::ServerCompletionQueue* queue, void* tag) {
    RequestAsyncBidiStreaming(method, context, stream, queue, queue, tag);
  }

 private:
  const google::protobuf::ServiceDescriptor& descriptor_;
  std::vector<std::string> paths_;  // "/package.Service/Method"; gRPC keeps pointers to these texts
};

}  // namespace sg::actors
