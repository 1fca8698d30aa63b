// Explains why a request does not parse.
//
// protobuf says only that a request does not parse. So its bytes are walked over once more, led by
// the descriptor of the message type. The walk builds nothing, and allocates nothing until there is
// an error to report. A refusal must not cost more than a valid request does.
//
// A message on the wire is a row of fields. Each field is a tag, then a value:
//
//   tag   = varint of (field number << 3 | wire type)
//   value = varint | 4 bytes | 8 bytes | size (varint), then so many bytes
//
// Texts and nested messages have a size. A group has none: it ends at a tag of its own. Fields that
// the type does not know are skipped.
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

// Limits of the generated parser. What it refuses has to be refused here as well.
constexpr int kMaxDepth = 100;  // of messages and groups in one another
constexpr int kMaxTagBytes = 5;
constexpr int kMaxSizeBytes = 5;
// Elements of repeated fields are counted for the first fields of a type only, to name the element
// in a path. No request has more fields.
constexpr int kCountedFields = 16;

// One walk over the bytes of one message. After a wrong text the path to it is put together while
// the calls return, from the inside out.
class Walk {
 public:
  explicit Walk(std::string_view bytes)
      : in_(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size())) {}

  // True if the bytes up to the current limit are a message of that type.
  bool message(const Descriptor& type) {
    std::array<int, kCountedFields> seen{};
    while (const auto tag = next_tag()) {
      // Bounds the work for a request of many tiny fields.
      if (fields_ > kMaxFieldsOfRequest) return false;
      const auto* field = type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
      const bool has_length =
          WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
      bool good = false;
      // A known field with another wire type than its own is skipped, as an unknown one.
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

  // The path of the text that is not UTF-8, such as "metadata[2].key". Empty if something else is
  // wrong.
  std::string wrong_text() const { return is_wrong_text_ ? path_ : std::string(); }

 private:
  static std::size_t index_of(const FieldDescriptor& field) {
    return static_cast<std::size_t>(field.index());
  }

  // Puts a field in front of the path. Paths are needed for wrong texts only.
  void add_to_path(const FieldDescriptor& field, int element) {
    if (!is_wrong_text_) return;
    auto name = field.name();
    if (field.is_repeated()) name += "[" + std::to_string(element) + "]";
    path_ = path_.empty() ? name : name + "." + path_;
  }

  // The next tag. 0 means the end of the message, or bytes that are no tag.
  std::uint32_t next_tag() {
    const int before = in_.CurrentPosition();
    const auto tag = in_.ReadTag();
    ++fields_;
    // The stream accepts tags of up to ten bytes, the generated parser does not.
    if (in_.CurrentPosition() - before <= kMaxTagBytes) return tag;
    too_long_ = true;
    return 0;
  }

  bool read_size(int& size) {
    const int before = in_.CurrentPosition();
    return in_.ReadVarintSizeAsInt(&size) && in_.CurrentPosition() - before <= kMaxSizeBytes;
  }

  // A text: a size, then bytes that have to be UTF-8.
  bool text() {
    int size = 0;
    if (!read_size(size)) return false;
    if (size == 0) return true;
    const void* bytes = nullptr;
    int available = 0;
    // The whole request lies in one buffer, so fewer bytes than `size` mean that it is cut off.
    if (!in_.GetDirectBufferPointer(&bytes, &available) || available < size) return false;
    is_wrong_text_ =
        !ledger::is_utf8({static_cast<const char*>(bytes), static_cast<std::size_t>(size)});
    return !is_wrong_text_ && in_.Skip(size);
  }

  // A message within a message. On failure depth and limit stay as they are: the walk is over then.
  bool nested(const Descriptor& type) {
    int size = 0;
    if (!read_size(size) || depth_ == kMaxDepth) return false;
    ++depth_;
    const auto limit = in_.PushLimit(size);
    // The stream shortens a limit beyond the end of the request. That means that the message is cut
    // off.
    if (in_.BytesUntilLimit() != size || !message(type)) return false;
    in_.PopLimit(limit);
    --depth_;
    return true;
  }

  // Skips the value behind a tag. Field number 0 does not exist.
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

  // Skips everything up to the tag that ends this group. Groups may stand in groups.
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
  std::size_t fields_ = 0;      // tags read so far, nested ones included
  int depth_ = 0;               // messages and groups around the current position
  bool too_long_ = false;       // a tag had more than kMaxTagBytes
  bool is_wrong_text_ = false;  // the walk ended at a text that is not UTF-8
  std::string path_;            // of that text, as far as it is known
};

}  // namespace

std::optional<ledger::Error> check_shape(const Descriptor& type, std::string_view bytes) {
  Walk walk(bytes);
  if (walk.message(type)) return std::nullopt;
  auto field = walk.wrong_text();
  return field.empty() ? malformed_request(type) : not_utf8(std::move(field));
}

ledger::Error explain_malformed(const Descriptor& type, std::string_view bytes) {
  // The walk may find no fault where the parser found one. The parser is right: it refused the
  // request.
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
