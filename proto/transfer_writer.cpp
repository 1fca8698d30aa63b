#include "proto/transfer_writer.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpc/slice.h>

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

std::size_t length_size(std::size_t size) {
  return CodedOutputStream::VarintSize32(static_cast<std::uint32_t>(size));
}
std::size_t nested_size(std::size_t size) { return kTag + length_size(size) + size; }
std::size_t text_size(std::string_view text) { return text.empty() ? 0 : nested_size(text.size()); }
std::size_t number_size(std::int64_t value) {
  return value == 0 ? 0 : kTag + CodedOutputStream::VarintSize64(static_cast<std::uint64_t>(value));
}

std::uint8_t* put_nested(std::uint8_t* to, int field, std::size_t size) {
  to = WireFormatLite::WriteTagToArray(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED, to);
  return CodedOutputStream::WriteVarint32ToArray(static_cast<std::uint32_t>(size), to);
}
std::uint8_t* put_text(std::uint8_t* to, int field, std::string_view text) {
  if (text.empty()) return to;
  to = put_nested(to, field, text.size());
  return CodedOutputStream::WriteRawToArray(text.data(), static_cast<int>(text.size()), to);
}
std::uint8_t* put_number(std::uint8_t* to, int field, std::int64_t value) {
  return value == 0 ? to : WireFormatLite::WriteInt64ToArray(field, value, to);
}

std::size_t size_of(const ledger::Entry& entry) {
  return text_size(entry.account_id) + number_size(entry.amount);
}

std::size_t size_of(const ledger::Transfer& transfer, const ItemResult& result) {
  auto size = nested_size(ledger::kTransactionIdChars) + text_size(to_string(transfer.kind)) +
              number_size(result.time) + text_size(transfer.reference);
  for (const auto& entry : transfer.entries) size += nested_size(size_of(entry));
  return size;
}

std::uint8_t* put(std::uint8_t* to, const ledger::Transfer& transfer, const ItemResult& result) {
  using wire::Transaction;
  to = put_nested(to, Transaction::kIdFieldNumber, ledger::kTransactionIdChars);
  ledger::write_transaction_id(result.time, result.sequence, reinterpret_cast<char*>(to));
  to = put_text(to + ledger::kTransactionIdChars, Transaction::kTypeFieldNumber,
                to_string(transfer.kind));
  for (const auto& entry : transfer.entries) {
    to = put_nested(to, Transaction::kEntriesFieldNumber, size_of(entry));
    to = put_text(to, wire::TransferEntry::kAccountIdFieldNumber, entry.account_id);
    to = put_number(to, wire::TransferEntry::kAmountFieldNumber, entry.amount);
  }
  to = put_number(to, Transaction::kTimestampFieldNumber, result.time);
  return put_text(to, Transaction::kReferenceFieldNumber, transfer.reference);
}

// Bytes that are written once and then go out as they lie.
class Bytes {
 public:
  explicit Bytes(std::size_t size) : slice_(grpc_slice_malloc(size)) {}
  std::uint8_t* data() { return GRPC_SLICE_START_PTR(slice_); }
  grpc::ByteBuffer finish() {
    const grpc::Slice slice(slice_, grpc::Slice::STEAL_REF);
    return grpc::ByteBuffer(&slice, 1);
  }

 private:
  grpc_slice slice_;
};

std::string error_bytes(const ledger::Error& error) {
  wire::TransferError message;
  fill(message, error);
  return message.SerializeAsString();
}

}  // namespace

grpc::ByteBuffer write_transaction(const ledger::Transfer& transfer, const ItemResult& result) {
  Bytes bytes(size_of(transfer, result));
  put(bytes.data(), transfer, result);
  return bytes.finish();
}

grpc::ByteBuffer write_results(std::span<const ledger::Transfer> transfers,
                               std::span<const ItemResult> results) {
  const auto is_committed = [&](std::size_t i) {
    return results[i].state == ItemResult::State::committed;
  };
  std::vector<std::uint32_t> sizes(results.size());  // of each result's one field
  std::vector<std::string> errors;                   // in order
  std::size_t size = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!is_committed(i)) errors.push_back(error_bytes(*results[i].error));
    sizes[i] = static_cast<std::uint32_t>(is_committed(i) ? size_of(transfers[i], results[i])
                                                          : errors.back().size());
    size += nested_size(nested_size(sizes[i]));
  }
  Bytes bytes(size);
  auto* to = bytes.data();
  auto error = errors.begin();
  for (std::size_t i = 0; i < results.size(); ++i) {
    to = put_nested(to, wire::TransferBatchResponse::kResultsFieldNumber, nested_size(sizes[i]));
    if (is_committed(i)) {
      to = put_nested(to, wire::TransferResult::kTransactionFieldNumber, sizes[i]);
      to = put(to, transfers[i], results[i]);
    } else {
      to = put_nested(to, wire::TransferResult::kErrorFieldNumber, sizes[i]);
      to = CodedOutputStream::WriteRawToArray(error->data(), static_cast<int>(error->size()), to);
      ++error;
    }
  }
  return bytes.finish();
}

}  // namespace sg::proto
