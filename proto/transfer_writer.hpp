// Writes the answers to requests that moved money straight into the bytes that are sent. No message
// object is built. The bytes are those that the generated code would make.
//
// Thread safety: the functions share no state. A ResultsWriter belongs to one thread at a time.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <memory>
#include <span>
#include <string>

#include "ledger/submission.hpp"

namespace sg::proto {

// How much of a transaction is told: with `whole` its details and its sequence too. Methods that
// were there before commands keep their answers.
enum class TransactionForm : std::uint8_t { brief, whole };

// A Transaction message. Needs: the transfer is committed, so `result` has its sequence and time.
grpc::ByteBuffer write_transaction(const ledger::Transfer& transfer,
                                   const ledger::ItemResult& result,
                                   TransactionForm form = TransactionForm::brief);

// A TransferBatchResponse, with one result for each transfer, in their order. Needs: every result
// is committed or refused, and a refused one has its error.
grpc::ByteBuffer write_results(std::span<const ledger::Transfer> transfers,
                               std::span<const ledger::ItemResult> results,
                               TransactionForm form = TransactionForm::brief);

// The same in portions of bounded work:
//
//   ResultsWriter writer(transfers, results);
//   while (writer.write(portion)) serve_others();
//   send(writer.take());
class ResultsWriter {
 public:
  // Needs: the spans outlive the writer and do not change meanwhile. They have the same size, but
  // `records` may be empty. A committed item whose record is not empty is told by that: it is a
  // Transaction as bytes.
  ResultsWriter(std::span<const ledger::Transfer> transfers,
                std::span<const ledger::ItemResult> results,
                TransactionForm form = TransactionForm::brief,
                std::span<const std::string> records = {});
  ~ResultsWriter();
  ResultsWriter(const ResultsWriter&) = delete;
  ResultsWriter& operator=(const ResultsWriter&) = delete;

  // Works on results that have about `entries` entries in all. True if there is more to do.
  [[nodiscard]] bool write(std::size_t entries);
  // The finished response. Needs: write() has returned false. Call it once.
  grpc::ByteBuffer take();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace sg::proto
