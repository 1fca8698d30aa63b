// Reads transfers from the wire format, which malformed.cpp describes.
//
// A batch is read field by field, so that reading can stop between two fields and go on later. One
// transfer is read in one go, because what it may contain is bounded.
//
// Entries of all transfers lie in one vector. It grows while a batch is read, so its entries move.
// During that time a transfer's span is right only until the next entry is added. finish() sets all
// spans anew, once the vector does not grow any more.
#include "proto/transfer_reader.hpp"

#include <google/protobuf/wire_format_lite.h>

#include <algorithm>

#include "ledger/ids.hpp"
#include "proto/conversion.hpp"
#include "proto/ledger.pb.h"

namespace sg::proto {
namespace {

using google::protobuf::internal::WireFormatLite;

constexpr std::uint32_t tag_of(int field, WireFormatLite::WireType type) {
  return static_cast<std::uint32_t>(field) << 3 | static_cast<std::uint32_t>(type);
}

// Limits of the generated parser. The stream itself accepts longer tags and sizes, and knows
// nothing of nesting.
constexpr int kMaxTagBytes = 5;
constexpr int kMaxSizeBytes = 5;
constexpr int kMaxDepth = 100;  // of messages and groups in one another
constexpr auto kText = WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
constexpr auto kNumber = WireFormatLite::WIRETYPE_VARINT;

}  // namespace

TransferReader::TransferReader(std::string_view bytes, TransferList& into)
    : in_(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size())),
      into_(into),
      size_(static_cast<int>(bytes.size())) {}

TransferReader::State TransferReader::read_transfer() {
  if (transfer() && is_at_end()) {
    finish();
  } else {
    refuse_malformed();
  }
  return state_;
}

bool TransferReader::read_field_of_batch() {
  using Request = wire::TransferBatchRequest;
  is_batch_ = true;
  const auto tag = next_tag();
  bool good = false;
  if (tag == 0) {
    good = is_at_end();
    if (good) finish();
  } else if (tag == tag_of(Request::kTransfersFieldNumber, kText)) {
    // Refused before the transfer is read: a large batch must not cost more than a valid one.
    if (into_.transfers.size() == ledger::kMaxBatchTransfers) {
      refuse(too_many_transfers());
      return false;
    }
    // After a failure refuse_malformed() below keeps the reason, if transfer() has noted one.
    if (nested([this] { return transfer(); })) return true;
  } else if (tag == tag_of(Request::kAtomicFieldNumber, kNumber)) {
    std::uint64_t value = 0;
    good = in_.ReadVarint64(&value);
    into_.atomic = value != 0;
  } else {
    good = skip(tag);
  }
  if (!good) refuse_malformed();
  return false;
}

// The next tag. 0 means the end of the message, or bytes that are no tag.
std::uint32_t TransferReader::next_tag() {
  const int before = in_.CurrentPosition();
  const auto tag = in_.ReadTag();
  ++fields_;
  if (in_.CurrentPosition() - before <= kMaxTagBytes) return tag;
  too_long_ = true;
  return 0;
}

bool TransferReader::read_size(int& size) {
  const int before = in_.CurrentPosition();
  return in_.ReadVarintSizeAsInt(&size) && in_.CurrentPosition() - before <= kMaxSizeBytes;
}

bool TransferReader::skip(std::uint32_t tag) {
  if (WireFormatLite::GetTagFieldNumber(tag) == 0) return false;
  std::uint64_t number = 0;
  int size = 0;
  switch (WireFormatLite::GetTagWireType(tag)) {
    case WireFormatLite::WIRETYPE_VARINT:
      return in_.ReadVarint64(&number);
    case WireFormatLite::WIRETYPE_FIXED64:
      return in_.Skip(sizeof(std::uint64_t));
    case WireFormatLite::WIRETYPE_FIXED32:
      return in_.Skip(sizeof(std::uint32_t));
    case WireFormatLite::WIRETYPE_LENGTH_DELIMITED:
      return read_size(size) && in_.Skip(size);
    case WireFormatLite::WIRETYPE_START_GROUP:
      return skip_group(WireFormatLite::GetTagFieldNumber(tag));
    case WireFormatLite::WIRETYPE_END_GROUP:
      break;
  }
  return false;
}

bool TransferReader::skip_group(int field) {
  if (depth_ == kMaxDepth) return false;
  ++depth_;
  const auto end = tag_of(field, WireFormatLite::WIRETYPE_END_GROUP);
  const auto began = fields_;
  while (const auto tag = next_tag()) {
    if (tag == end) {
      --depth_;
      return true;
    }
    // Counted from the start of the group: outside of a transfer there is no other bound.
    if (fields_ - began > kMaxFieldsOfTransfer || !skip(tag)) return false;
  }
  return false;
}

bool TransferReader::transfer() {
  using Request = wire::TransferRequest;
  transfer_began_ = fields_;
  first_entry_ = into_.entries.size();
  entries_of_transfer_ = 0;
  ledger::Transfer transfer;
  while (const auto tag = next_tag()) {
    bool good = false;
    if (fields_ - transfer_began_ > kMaxFieldsOfTransfer) return false;
    if (tag == tag_of(Request::kEntriesFieldNumber, kText)) {
      // The ledger will refuse this transfer for the number of its entries, whatever the rest
      // holds.
      if (++entries_of_transfer_ > ledger::kMaxEntries) {
        return skip_rest(transfer);
      }
      in_entry_ = true;
      good = nested([this] { return entry(); });
      // After a failure the flag stays set: path_of() has named the entry, and reading ends.
      in_entry_ = !good;
    } else if (tag == tag_of(Request::kReferenceFieldNumber, kText)) {
      good = text(transfer.reference, "reference");
    } else if (tag == tag_of(Request::kIdempotencyKeyFieldNumber, kText)) {
      good = text(transfer.idempotency_key, "idempotency_key");
    } else {
      good = skip(tag);
    }
    if (!good) return false;
  }
  add(transfer);
  return is_at_end();
}

// Ends a transfer with too many entries. The rest of its bytes is skipped without a look.
bool TransferReader::skip_rest(ledger::Transfer& transfer) {
  // In a batch the transfer ends at the limit that nested() has set, else with the request.
  const int left = is_batch_ ? in_.BytesUntilLimit() : size_ - in_.CurrentPosition();
  add(transfer);
  return in_.Skip(left) && in_.ReadTag() == 0 && is_at_end();
}

// The span may count an entry that is not stored. check() refuses such a transfer by the count
// alone.
void TransferReader::add(ledger::Transfer& transfer) {
  transfer.entries = {into_.entries.data() + first_entry_, entries_of_transfer_};
  into_.transfers.push_back(transfer);
}

bool TransferReader::entry() {
  using Entry = wire::TransferEntry;
  auto& entry = into_.entries.emplace_back();
  while (const auto tag = next_tag()) {
    bool good = false;
    if (fields_ - transfer_began_ > kMaxFieldsOfTransfer) return false;
    if (tag == tag_of(Entry::kAccountIdFieldNumber, kText)) {
      good = text(entry.account_id, "account_id");
    } else if (tag == tag_of(Entry::kAmountFieldNumber, kNumber)) {
      std::uint64_t value = 0;
      good = in_.ReadVarint64(&value);
      // A negative int64 travels as its two's complement, in ten bytes.
      entry.amount = static_cast<ledger::Amount>(value);
    } else {
      good = skip(tag);
    }
    if (!good) return false;
  }
  return is_at_end();
}

// Reads a size, then calls `read` with the stream limited to that many bytes.
template <class Read>
bool TransferReader::nested(Read read) {
  int size = 0;
  if (!read_size(size) || depth_ == kMaxDepth) return false;
  ++depth_;
  const auto limit = in_.PushLimit(size);
  // The stream shortens a limit beyond the end of the request. That means that the message is cut
  // off.
  if (in_.BytesUntilLimit() != size) return false;
  if (!read()) return false;
  in_.PopLimit(limit);
  --depth_;
  return true;
}

// Makes `into` a view of the request. If a field stands twice, the last one counts, as in protobuf.
bool TransferReader::text(std::string_view& into, std::string_view name) {
  int size = 0;
  if (!read_size(size)) return false;
  if (size == 0) {
    into = {};
    return true;
  }
  const void* bytes = nullptr;
  int available = 0;
  if (!in_.GetDirectBufferPointer(&bytes, &available) || available < size) return false;
  into = {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
  if (!ledger::is_utf8(into)) {
    refuse(not_utf8(path_of(name)));
    return false;
  }
  return in_.Skip(size);
}

// "transfers[3].entries[0].account_id": where a wrong text stands in the request.
std::string TransferReader::path_of(std::string_view name) const {
  std::string path;
  if (is_batch_) path = "transfers[" + std::to_string(into_.transfers.size()) + "].";
  if (in_entry_) path += "entries[" + std::to_string(entries_of_transfer_ - 1) + "].";
  return path.append(name);
}

// The last transfer was refused: its entries make room for those of the next one.
void TransferReader::drop_entries() {
  into_.entries.resize(first_entry_);
  into_.transfers.back().entries = {};
}

// Sets the spans of all transfers. Entries lie in the order of their transfers, without gaps.
void TransferReader::finish() {
  const auto* next = into_.entries.data();
  for (auto& transfer : into_.transfers) {
    // A transfer with too many entries counts one that is not stored.
    const auto stored = std::min(transfer.entries.size(), ledger::kMaxEntries);
    transfer.entries = {next, transfer.entries.size()};
    next += stored;
  }
  state_ = State::whole;
}

void TransferReader::refuse(ledger::Error error) {
  // The first error is the most exact: callers up the stack only know that reading failed.
  if (!error_) error_ = std::move(error);
  state_ = State::refused;
}

void TransferReader::refuse_malformed() {
  refuse(malformed_request(is_batch_ ? *wire::TransferBatchRequest::descriptor()
                                     : *wire::TransferRequest::descriptor()));
}

bool read_transfer(std::string_view bytes, TransferList& into) {
  return TransferReader(bytes, into).read_transfer() == TransferReader::State::whole;
}

bool read_batch(std::string_view bytes, TransferList& into) {
  TransferReader reader(bytes, into);
  const auto keep = [](const ledger::Transfer&) { return true; };
  auto state = TransferReader::State::more;
  while (state == TransferReader::State::more)
    state = reader.read_batch(kMaxFieldsOfTransfer, keep);
  return state == TransferReader::State::whole;
}

}  // namespace sg::proto
