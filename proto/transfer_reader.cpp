#include "proto/transfer_reader.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "ledger/ids.hpp"
#include "proto/ledger.pb.h"

namespace sg::proto {
namespace {

namespace wire = scalegraph::ledger;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

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

class Reader {
 public:
  Reader(std::string_view bytes, TransferList& into)
      : in_(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size())),
        into_(into) {}

  bool batch() {
    using Request = wire::TransferBatchRequest;
    while (const auto tag = next_tag()) {
      bool good = false;
      if (tag == tag_of(Request::kTransfersFieldNumber, kText)) {
        good = nested([this] { return transfer(); });
      } else if (tag == tag_of(Request::kAtomicFieldNumber, kNumber)) {
        std::uint64_t value = 0;
        good = in_.ReadVarint64(&value);
        into_.atomic = value != 0;
      } else {
        good = skip(tag);
      }
      if (!good) return false;
    }
    return finish();
  }

  bool single() { return transfer() && finish(); }

 private:
  // 0: the end, or no tag.
  std::uint32_t next_tag() {
    const int before = in_.CurrentPosition();
    const auto tag = in_.ReadTag();
    if (in_.CurrentPosition() - before <= kMaxTagBytes) return tag;
    too_long_ = true;
    return 0;
  }

  bool read_size(int& size) {
    const int before = in_.CurrentPosition();
    return in_.ReadVarintSizeAsInt(&size) && in_.CurrentPosition() - before <= kMaxSizeBytes;
  }

  bool skip(std::uint32_t tag) {
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

  bool skip_group(int field) {
    if (depth_ == kMaxDepth) return false;
    ++depth_;
    const auto end = tag_of(field, WireFormatLite::WIRETYPE_END_GROUP);
    while (const auto tag = next_tag()) {
      if (tag == end) {
        --depth_;
        return true;
      }
      if (!skip(tag)) return false;
    }
    return false;
  }

  bool transfer() {
    using Request = wire::TransferRequest;
    const auto first = into_.entries.size();
    ledger::Transfer transfer;
    while (const auto tag = next_tag()) {
      bool good = false;
      if (tag == tag_of(Request::kEntriesFieldNumber, kText)) {
        good = nested([this] { return entry(); });
      } else if (tag == tag_of(Request::kReferenceFieldNumber, kText)) {
        good = text(transfer.reference);
      } else if (tag == tag_of(Request::kIdempotencyKeyFieldNumber, kText)) {
        good = text(transfer.idempotency_key);
      } else {
        good = skip(tag);
      }
      if (!good) return false;
    }
    // Only how many: where they stand is known when the list does not grow any more.
    transfer.entries = {static_cast<const ledger::Entry*>(nullptr), into_.entries.size() - first};
    into_.transfers.push_back(transfer);
    return is_at_end();
  }

  bool entry() {
    using Entry = wire::TransferEntry;
    auto& entry = into_.entries.emplace_back();
    while (const auto tag = next_tag()) {
      bool good = false;
      if (tag == tag_of(Entry::kAccountIdFieldNumber, kText)) {
        good = text(entry.account_id);
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
  bool nested(Read read) {
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

  bool text(std::string_view& into) {
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
    return in_.Skip(size) && ledger::is_utf8(into);
  }

  bool finish() {
    if (!is_at_end()) return false;
    const auto* next = into_.entries.data();
    for (auto& transfer : into_.transfers) {
      transfer.entries = {next, transfer.entries.size()};
      next += transfer.entries.size();
    }
    return true;
  }

  bool is_at_end() { return !too_long_ && in_.ConsumedEntireMessage(); }

  CodedInputStream in_;
  TransferList& into_;
  bool too_long_ = false;
  int depth_ = 0;  // of messages and groups around what is read
};

}  // namespace

bool read_transfer(std::string_view bytes, TransferList& into) {
  return Reader(bytes, into).single();
}

bool read_batch(std::string_view bytes, TransferList& into) { return Reader(bytes, into).batch(); }

}  // namespace sg::proto
