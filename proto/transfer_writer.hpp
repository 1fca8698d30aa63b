// Writes the answers to requests that moved money straight into the bytes that go out: no message
// object is built. The bytes are those that the generated code would make.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <span>

#include "ledger/submission.hpp"

namespace sg::proto {

// A Transaction: the transfer committed.
grpc::ByteBuffer write_transaction(const ledger::Transfer& transfer,
                                   const ledger::ItemResult& result);

// A TransferBatchResponse, results in the order of the transfers; all are committed or refused.
grpc::ByteBuffer write_results(std::span<const ledger::Transfer> transfers,
                               std::span<const ledger::ItemResult> results);

}  // namespace sg::proto
