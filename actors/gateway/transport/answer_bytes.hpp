// Messages as the bytes of an answer, within the size that an answer may have.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

#include "ledger/error.hpp"

namespace sg::actors {

// Serialises the message. Returns RESULT_TOO_LARGE if it passes kMaxAnswerBytes, and INTERNAL if
// gRPC cannot serialise it. So a client never gets an empty answer by mistake.
ledger::Result<grpc::ByteBuffer> to_answer(const google::protobuf::Message& message);

}  // namespace sg::actors
