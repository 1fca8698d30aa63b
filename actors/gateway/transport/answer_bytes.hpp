// Messages as the bytes of an answer.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

#include "ledger/error.hpp"

namespace sg::actors {

// RESULT_TOO_LARGE for a message that passes kMaxAnswerBytes, INTERNAL for one that cannot be
// written: never an answer without its content.
ledger::Result<grpc::ByteBuffer> to_answer(const google::protobuf::Message& message);

}  // namespace sg::actors
