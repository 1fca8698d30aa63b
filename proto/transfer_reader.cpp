// A batch is read field by field, so that reading can stop between two of them and go on later. One
// transfer is read in one go: what it may contain is bounded.
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

// The generated parser takes no tag and no size that is longer, though the stream does, and no
// deeper nesting of messages and groups.
constexpr int kMaxTagBytes = 5;
constexpr int kMaxSizeBytes = 5;
constexpr int kMaxDepth = 100;
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
    if (into_.transfers.size() == ledger::kMaxBatchTransfers) {
      refuse(too_many_transfers());
      return false;
    }
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

// 0: the end, or no tag.
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
      // It is refused for their number: the rest of it would change nothing.
      if (++entries_of_transfer_ > ledger::kMaxEntries) {
        return skip_rest(transfer);
      }
      in_entry_ = true;
      good = nested([this] { return entry(); });
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

bool TransferReader::skip_rest(ledger::Transfer& transfer) {
  const int left = is_batch_ ? in_.BytesUntilLimit() : size_ - in_.CurrentPosition();
  add(transfer);
  return in_.Skip(left) && in_.ReadTag() == 0 && is_at_end();
}

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
      entry.amount = static_cast<ledger::Amount>(value);
    } else {
      good = skip(tag);
    }
    if (!good) return false;
  }
  return is_at_end();
}

template <class Read>
bool TransferReader::nested(Read read) {
  int size = 0;
  if (!read_size(size) || depth_ == kMaxDepth) return false;
  ++depth_;
  const auto limit = in_.PushLimit(size);
  // A limit past the end is cut by the stream: then the message is cut.
  if (in_.BytesUntilLimit() != size) return false;
  if (!read()) return false;
  in_.PopLimit(limit);
  --depth_;
  return true;
}

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

std::string TransferReader::path_of(std::string_view name) const {
  std::string path;
  if (is_batch_) path = "transfers[" + std::to_string(into_.transfers.size()) + "].";
  if (in_entry_) path += "entries[" + std::to_string(entries_of_transfer_ - 1) + "].";
  return path.append(name);
}

void TransferReader::drop_entries() {
  into_.entries.resize(first_entry_);
  into_.transfers.back().entries = {};
}

// The entries do not move any more: now it is known where they stand.
void TransferReader::finish() {
  const auto* next = into_.entries.data();
  for (auto& transfer : into_.transfers) {
    // With too many it is refused for that, and nobody looks at them.
    const auto stored = std::min(transfer.entries.size(), ledger::kMaxEntries);
    transfer.entries = {next, transfer.entries.size()};
    next += stored;
  }
  state_ = State::whole;
}

void TransferReader::refuse(ledger::Error error) {
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
