// Writes Transaction and TransferBatchResponse in the wire format, which malformed.cpp describes.
//
// In this format the size of a nested message stands in front of it. So a response is made in two
// passes: the first one measures every result, then the buffer is allocated, and the second one
// writes. Each put_...() writes exactly the bytes that its ..._size() counted. As in the generated
// code, fields are written in the order of their numbers, and empty texts and zeros are left out.
#include "proto/transfer_writer.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpc/slice.h>

#include <optional>
#include <string>
#include <vector>

#include "proto/conversion.hpp"
#include "proto/ledger.pb.h"

namespace sg::proto {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;
using ledger::ItemResult;

// Every field number here is below 16: a tag is one byte.
constexpr std::size_t kTag = 1;

// The ..._size() functions count a field with its tag; 0 if it is left out.
std::size_t length_size(std::size_t size) {
  return CodedOutputStream::VarintSize32(static_cast<std::uint32_t>(size));
}
std::size_t nested_size(std::size_t size) { return kTag + length_size(size) + size; }
std::size_t text_size(std::string_view text) { return text.empty() ? 0 : nested_size(text.size()); }
std::size_t number_size(std::int64_t value) {
  return value == 0 ? 0 : kTag + CodedOutputStream::VarintSize64(static_cast<std::uint64_t>(value));
}

// The put_...() functions write at `to` and return the position after it. put_nested() writes only
// tag and size: the caller writes the message behind them.
std::uint8_t* put_nested(std::uint8_t* to, int field, std::size_t size) {
  to = WireFormatLite::WriteTagToArray(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED, to);
  return CodedOutputStream::WriteVarint32ToArray(static_cast<std::uint32_t>(size), to);
}
std::uint8_t* put_bytes(std::uint8_t* to, std::string_view bytes) {
  return CodedOutputStream::WriteRawToArray(bytes.data(), static_cast<int>(bytes.size()), to);
}
std::uint8_t* put_text(std::uint8_t* to, int field, std::string_view text) {
  if (text.empty()) return to;
  return put_bytes(put_nested(to, field, text.size()), text);
}
std::uint8_t* put_number(std::uint8_t* to, int field, std::int64_t value) {
  return value == 0 ? to : WireFormatLite::WriteInt64ToArray(field, value, to);
}

// The sizes of the messages themselves, without the tag and size in front of them.
std::size_t size_of(const ledger::Entry& entry) {
  return text_size(entry.account_id) + number_size(entry.amount);
}

// Of an entry of a map. Its fields are written even if they are empty, as the generated code does.
constexpr int kMapKey = 1;
constexpr int kMapValue = 2;
std::size_t pair_size(std::string_view key, std::string_view value) {
  return nested_size(key.size()) + nested_size(value.size());
}

std::size_t size_of(const ledger::Details& details) {
  auto size = number_size(details.effective_at);
  if (details.reverses.sequence != 0) size += nested_size(ledger::kTransactionIdChars);
  for (const auto& [key, value] : details.metadata) size += nested_size(pair_size(key, value));
  return size;
}

// Those of a policy are accounts that it touches: what it moves stands in its record.
std::span<const ledger::Entry> told_entries(const ledger::Transfer& transfer) {
  return ledger::is_policy(transfer) ? std::span<const ledger::Entry>() : transfer.entries;
}

// On the wire an unsigned number has the bytes of the signed one.
std::int64_t signed_of(ledger::Sequence sequence) { return static_cast<std::int64_t>(sequence); }

std::size_t size_of(const ledger::Transfer& transfer, const ItemResult& result,
                    TransactionForm form) {
  auto size = nested_size(ledger::kTransactionIdChars) + text_size(to_string(transfer.kind)) +
              number_size(result.time) + text_size(transfer.reference);
  for (const auto& entry : told_entries(transfer)) size += nested_size(size_of(entry));
  if (form == TransactionForm::brief) return size;
  if (transfer.details != nullptr) size += size_of(*transfer.details);
  return size + number_size(signed_of(result.sequence));
}

std::uint8_t* put_filled(std::uint8_t* to, int field, std::string_view text) {
  return put_bytes(put_nested(to, field, text.size()), text);
}

// Made in place: a transaction id is text of fixed length.
std::uint8_t* put_id(std::uint8_t* to, int field, ledger::TimeMs time, ledger::Sequence sequence) {
  to = put_nested(to, field, ledger::kTransactionIdChars);
  ledger::write_transaction_id(time, sequence, reinterpret_cast<char*>(to));
  return to + ledger::kTransactionIdChars;
}

std::uint8_t* put(std::uint8_t* to, const ledger::Details& details) {
  using wire::Transaction;
  for (const auto& [key, value] : details.metadata) {
    to = put_nested(to, Transaction::kMetadataFieldNumber, pair_size(key, value));
    to = put_filled(put_filled(to, kMapKey, key), kMapValue, value);
  }
  if (const auto& place = details.reverses; place.sequence != 0) {
    to = put_id(to, Transaction::kReversesFieldNumber, place.time, place.sequence);
  }
  return put_number(to, Transaction::kEffectiveAtFieldNumber, details.effective_at);
}

std::uint8_t* put(std::uint8_t* to, const ledger::Transfer& transfer, const ItemResult& result,
                  TransactionForm form) {
  using wire::Transaction;
  to = put_id(to, Transaction::kIdFieldNumber, result.time, result.sequence);
  to = put_text(to, Transaction::kTypeFieldNumber, to_string(transfer.kind));
  for (const auto& entry : told_entries(transfer)) {
    to = put_nested(to, Transaction::kEntriesFieldNumber, size_of(entry));
    to = put_text(to, wire::TransferEntry::kAccountIdFieldNumber, entry.account_id);
    to = put_number(to, wire::TransferEntry::kAmountFieldNumber, entry.amount);
  }
  to = put_number(to, Transaction::kTimestampFieldNumber, result.time);
  to = put_text(to, Transaction::kReferenceFieldNumber, transfer.reference);
  if (form == TransactionForm::brief) return to;
  if (transfer.details != nullptr) to = put(to, *transfer.details);
  return put_number(to, Transaction::kSequenceFieldNumber, signed_of(result.sequence));
}

// A buffer that is written once and then sent without a copy.
class Bytes {
 public:
  explicit Bytes(std::size_t size) : slice_(grpc_slice_malloc(size), grpc::Slice::STEAL_REF) {}
  // Writing is safe although slices are shared: before finish() nobody else has this one.
  std::uint8_t* data() { return const_cast<std::uint8_t*>(slice_.begin()); }
  grpc::ByteBuffer finish() { return grpc::ByteBuffer(&slice_, 1); }

 private:
  grpc::Slice slice_;
};

// Errors are rare, so the generated code may write them.
std::string error_bytes(const ledger::Error& error) {
  wire::TransferError message;
  fill(message, error);
  return message.SerializeAsString();
}

}  // namespace

grpc::ByteBuffer write_transaction(const ledger::Transfer& transfer, const ItemResult& result,
                                   TransactionForm form) {
  Bytes bytes(size_of(transfer, result, form));
  put(bytes.data(), transfer, result, form);
  return bytes.finish();
}

// The two passes over the results, which may stop after any of them.
class ResultsWriter::State {
 public:
  State(std::span<const ledger::Transfer> transfers, std::span<const ItemResult> results,
        TransactionForm form, std::span<const std::string> records)
      : transfers_(transfers),
        results_(results),
        form_(form),
        records_(records),
        sizes_(results.size()) {}

  // Works on results with about `entries` entries. True if there is more to do.
  bool work(std::size_t entries) {
    std::size_t worked = 0;
    while (!bytes_ && worked < entries) {
      // All are measured: allocate the buffer, then start the second pass.
      if (next_ == results_.size()) {
        bytes_.emplace(size_);
        to_ = bytes_->data();
        next_ = 0;
        break;
      }
      worked += work_of(next_);
      measure(next_++);
    }
    while (bytes_ && worked < entries && next_ < results_.size()) {
      worked += work_of(next_);
      put_result(next_++);
    }
    return !bytes_ || next_ < results_.size();
  }

  grpc::ByteBuffer take() { return bytes_->finish(); }

 private:
  // One more than the entries and texts, so that transfers without any are not free.
  std::size_t work_of(std::size_t i) const {
    const auto* details = transfers_[i].details;
    return transfers_[i].entries.size() + 1 + (details != nullptr ? details->metadata.size() : 0);
  }
  bool has_record(std::size_t i) const { return !records_.empty() && !records_[i].empty(); }
  bool is_committed(std::size_t i) const {
    return results_[i].state == ItemResult::State::committed;
  }

  void measure(std::size_t i) {
    if (!is_committed(i)) errors_.push_back(error_bytes(*results_[i].error));
    sizes_[i] =
        static_cast<std::uint32_t>(!is_committed(i) ? errors_.back().size()
                                   : has_record(i)  ? records_[i].size()
                                                    : size_of(transfers_[i], results_[i], form_));
    // A result is nested twice: field `results` holds a TransferResult, which holds one field.
    size_ += nested_size(nested_size(sizes_[i]));
  }

  void put_result(std::size_t i) {
    to_ = put_nested(to_, wire::TransferBatchResponse::kResultsFieldNumber, nested_size(sizes_[i]));
    if (is_committed(i)) {
      to_ = put_nested(to_, wire::TransferResult::kTransactionFieldNumber, sizes_[i]);
      to_ =
          has_record(i) ? put_bytes(to_, records_[i]) : put(to_, transfers_[i], results_[i], form_);
      return;
    }
    const auto& error = errors_[next_error_++];
    to_ = put_nested(to_, wire::TransferResult::kErrorFieldNumber, sizes_[i]);
    to_ = put_bytes(to_, error);
  }

  std::span<const ledger::Transfer> transfers_;
  std::span<const ItemResult> results_;
  const TransactionForm form_;
  std::span<const std::string> records_;
  std::vector<std::uint32_t> sizes_;  // of the Transaction or error in each result
  std::vector<std::string> errors_;   // serialised, of the refused results in order
  std::size_t size_ = 0;              // of the response, as far as it is measured
  std::size_t next_ = 0;              // result that the current pass comes to next
  std::size_t next_error_ = 0;        // of errors_, in the second pass
  std::optional<Bytes> bytes_;        // set when the second pass begins
  std::uint8_t* to_ = nullptr;        // where the second pass writes next
};

ResultsWriter::ResultsWriter(std::span<const ledger::Transfer> transfers,
                             std::span<const ItemResult> results, TransactionForm form,
                             std::span<const std::string> records)
    : state_(std::make_unique<State>(transfers, results, form, records)) {}

ResultsWriter::~ResultsWriter() = default;

bool ResultsWriter::write(std::size_t entries) { return state_->work(entries); }

grpc::ByteBuffer ResultsWriter::take() { return state_->take(); }

grpc::ByteBuffer write_results(std::span<const ledger::Transfer> transfers,
                               std::span<const ItemResult> results, TransactionForm form) {
  ResultsWriter writer(transfers, results, form);
  while (writer.write(transfers.size() + 1)) {
  }
  return writer.take();
}

}  // namespace sg::proto
