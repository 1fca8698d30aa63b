// protobuf says of a request that does not parse only that it does not. Here its bytes are walked
// over once more, by the type's descriptor: nothing is built, and nothing is allocated until there
// is an error to tell. A refusal must not cost more than a request that is right.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <array>
#include <string>

#include "ledger/ids.hpp"
#include "ledger/transfer.hpp"
#include "proto/conversion.hpp"

namespace sg::proto {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// As the generated parser has it.
constexpr int kMaxDepth = 100;
constexpr int kMaxTagBytes = 5;
constexpr int kMaxSizeBytes = 5;
// Elements of repeated fields are counted for the first fields of a type only. No request has more.
constexpr int kCountedFields = 16;

class Walk {
 public:
  explicit Walk(std::string_view bytes)
      : in_(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size())) {}

  // False when it is no such message.
  bool message(const Descriptor& type) {
    std::array<int, kCountedFields> seen{};
    while (const auto tag = next_tag()) {
      if (fields_ > kMaxFieldsOfRequest) return false;
      const auto* field = type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
      const bool has_length =
          WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
      bool good = false;
      if (field != nullptr && has_length && field->type() == FieldDescriptor::TYPE_MESSAGE) {
        good = nested(*field->message_type());
      } else if (field != nullptr && has_length && field->type() == FieldDescriptor::TYPE_STRING) {
        good = text();
      } else {
        good = skip(tag);
      }
      const bool is_counted = field != nullptr && field->index() < kCountedFields;
      if (!good) {
        if (field != nullptr) add_to_path(*field, is_counted ? seen[index_of(*field)] : 0);
        return false;
      }
      if (is_counted) ++seen[index_of(*field)];
    }
    return !too_long_ && in_.ConsumedEntireMessage();
  }

  // The text that is not UTF-8, such as "metadata[2].key"; empty when that is not what is wrong.
  std::string wrong_text() const { return is_wrong_text_ ? path_ : std::string(); }

 private:
  static std::size_t index_of(const FieldDescriptor& field) {
    return static_cast<std::size_t>(field.index());
  }

  void add_to_path(const FieldDescriptor& field, int element) {
    if (!is_wrong_text_) return;
    auto name = field.name();
    if (field.is_repeated()) name += "[" + std::to_string(element) + "]";
    path_ = path_.empty() ? name : name + "." + path_;
  }

  // 0: the end, or no tag.
  std::uint32_t next_tag() {
    const int before = in_.CurrentPosition();
    const auto tag = in_.ReadTag();
    ++fields_;
    if (in_.CurrentPosition() - before <= kMaxTagBytes) return tag;
    too_long_ = true;
    return 0;
  }

  bool read_size(int& size) {
    const int before = in_.CurrentPosition();
    return in_.ReadVarintSizeAsInt(&size) && in_.CurrentPosition() - before <= kMaxSizeBytes;
  }

  bool text() {
    int size = 0;
    if (!read_size(size)) return false;
    if (size == 0) return true;
    const void* bytes = nullptr;
    int available = 0;
    if (!in_.GetDirectBufferPointer(&bytes, &available) || available < size) return false;
    is_wrong_text_ =
        !ledger::is_utf8({static_cast<const char*>(bytes), static_cast<std::size_t>(size)});
    return !is_wrong_text_ && in_.Skip(size);
  }

  bool nested(const Descriptor& type) {
    int size = 0;
    if (!read_size(size) || depth_ == kMaxDepth) return false;
    ++depth_;
    const auto limit = in_.PushLimit(size);
    // A limit past the end is cut by the stream: then the message is cut.
    if (in_.BytesUntilLimit() != size || !message(type)) return false;
    in_.PopLimit(limit);
    --depth_;
    return true;
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
    const auto end = static_cast<std::uint32_t>(field) << 3 |
                     static_cast<std::uint32_t>(WireFormatLite::WIRETYPE_END_GROUP);
    while (const auto tag = next_tag()) {
      if (tag == end) {
        --depth_;
        return true;
      }
      if (fields_ > kMaxFieldsOfRequest || !skip(tag)) return false;
    }
    return false;
  }

  CodedInputStream in_;
  std::size_t fields_ = 0;
  int depth_ = 0;
  bool too_long_ = false;
  bool is_wrong_text_ = false;
  std::string path_;
};

}  // namespace

std::optional<ledger::Error> check_shape(const Descriptor& type, std::string_view bytes) {
  Walk walk(bytes);
  if (walk.message(type)) return std::nullopt;
  auto field = walk.wrong_text();
  return field.empty() ? malformed_request(type) : not_utf8(std::move(field));
}

ledger::Error explain_malformed(const Descriptor& type, std::string_view bytes) {
  // Where the two disagree about a message, the parser is right: it was refused.
  return check_shape(type, bytes).value_or(malformed_request(type));
}

ledger::Error malformed_request(const Descriptor& type) {
  return {ledger::Reason::malformed_request,
          "the request does not parse as " + std::string(type.full_name()),
          {},
          ledger::Outcome::none};
}

ledger::Error not_utf8(std::string field) {
  auto message = field + " is not valid UTF-8";
  return {ledger::Reason::not_utf8,
          std::move(message),
          {{"field", std::move(field)}},
          ledger::Outcome::none};
}

ledger::Error too_many_transfers() {
  const auto most = std::to_string(ledger::kMaxBatchTransfers);
  return {ledger::Reason::too_many_transfers,
          "transfers has more than " + most + ": at most " + most + " are allowed",
          {{"field", "transfers"}},
          ledger::Outcome::none};
}

}  // namespace sg::proto
