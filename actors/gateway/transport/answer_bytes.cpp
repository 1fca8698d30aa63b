#include "actors/gateway/transport/answer_bytes.hpp"

#include <grpcpp/impl/codegen/proto_utils.h>

#include "actors/queries/answer_rows.hpp"

namespace sg::actors {

ledger::Result<grpc::ByteBuffer> to_answer(const google::protobuf::Message& message) {
  if (message.ByteSizeLong() > kMaxAnswerBytes) {
    return tl::unexpected(too_large_error("ask for less"));
  }
  grpc::ByteBuffer bytes;
  // Part of gRPC's interface: whether the buffer belongs to the caller. A ByteBuffer frees itself.
  bool own = false;
  const auto status =
      grpc::SerializationTraits<google::protobuf::Message>::Serialize(message, &bytes, &own);
  // A write may have been done already, so a failure here leaves its outcome unknown.
  if (status.ok()) return bytes;
  return tl::unexpected(ledger::Error{ledger::Reason::internal,
                                      "cannot write an answer: " + status.error_message(),
                                      {},
                                      ledger::Outcome::unknown});
}

}  // namespace sg::actors
