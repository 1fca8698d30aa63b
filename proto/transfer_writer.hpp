// Writes the answers to requests that moved money straight into the bytes that go out: no message
// object is built. The bytes are those that the generated code would make.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <memory>
#include <span>

#include "ledger/submission.hpp"

namespace sg::proto {

// A Transaction: the transfer committed.
grpc::ByteBuffer write_transaction(const ledger::Transfer& transfer,
                                   const ledger::ItemResult& result);

// A TransferBatchResponse, results in the order of the transfers; all are committed or refused.
grpc::ByteBuffer write_results(std::span<const ledger::Transfer> transfers,
                               std::span<const ledger::ItemResult> results);

// The same in portions of bounded work:
//
//   ResultsWriter writer(transfers, results);
//   while (writer.write(portion)) serve_others();
//   send(writer.take());
class ResultsWriter {
 public:
  // Needs: both outlive the writer, and do not change meanwhile.
  ResultsWriter(std::span<const ledger::Transfer> transfers,
                std::span<const ledger::ItemResult> results);
  ~ResultsWriter();
  ResultsWriter(const ResultsWriter&) = delete;
  ResultsWriter& operator=(const ResultsWriter&) = delete;

  // Works on results with about so many entries in all. True: there is more to do.
  [[nodiscard]] bool write(std::size_t entries);
  grpc::ByteBuffer take();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace sg::proto
