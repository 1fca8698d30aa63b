// The fields of a message on the wire, read one by one, with the limits of the generated parser.
// What that one refuses has to be refused here as well.
//
// A message is a row of fields. Each field is a tag, then a value:
//
//   tag   = varint of (field number << 3 | wire type)
//   value = varint | 4 bytes | 8 bytes | size (varint), then so many bytes
//
// Texts and nested messages have a size. A group has none: it ends at a tag of its own.
//
// All functions that return bool return false for bytes that are no such thing; reading is over
// then. Functions are inline: the reader of transfers calls them for each field of a batch.
#pragma once

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sg::proto {

class FieldStream {
 public:
  // Needs: the bytes outlive the stream, and lie in one buffer.
  explicit FieldStream(std::string_view bytes)
      : in_(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size())),
        size_(static_cast<int>(bytes.size())) {}

  // Tags read so far, nested ones included.
  std::size_t fields() const { return fields_; }

  // The next tag. 0 means the end of the message, or bytes that are no tag.
  std::uint32_t next_tag() {
    const int before = in_.CurrentPosition();
    const auto tag = in_.ReadTag();
    ++fields_;
    // protobuf's stream accepts tags of up to ten bytes, its generated parser does not.
    if (in_.CurrentPosition() - before <= kMaxTagBytes) return tag;
    is_too_long_ = true;
    return 0;
  }

  bool read_number(std::uint64_t& into) { return in_.ReadVarint64(&into); }

  // A size, then so many bytes, which `into` becomes a view of.
  bool read_bytes(std::string_view& into) {
    int size = 0;
    if (!read_size(size)) return false;
    into = {};
    if (size == 0) return true;
    const void* bytes = nullptr;
    int available = 0;
    // All lies in one buffer, so fewer bytes than `size` mean that the request is cut off.
    if (!in_.GetDirectBufferPointer(&bytes, &available) || available < size) return false;
    into = {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
    return in_.Skip(size);
  }

  // A size, then a message of so many bytes, which `read` reads. On failure depth and limit stay as
  // they are.
  template <class Read>
  bool nested(Read read) {
    int size = 0;
    if (!read_size(size) || depth_ == kMaxDepth) return false;
    ++depth_;
    const auto limit = in_.PushLimit(size);
    // The stream shortens a limit beyond the end of the request. That means that the message is cut
    // off.
    if (in_.BytesUntilLimit() != size || !read()) return false;
    in_.PopLimit(limit);
    --depth_;
    return true;
  }

  // Skips the value behind a tag. Field number 0 does not exist. A group is skipped up to field
  // `last`, as fields() counts: a longer one is refused.
  bool skip(std::uint32_t tag, std::size_t last) {
    using google::protobuf::internal::WireFormatLite;
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
        return skip_group(WireFormatLite::GetTagFieldNumber(tag), last);
      case WireFormatLite::WIRETYPE_END_GROUP:
        break;
    }
    return false;
  }

  // Skips what is left of the innermost nested message, or of all without one.
  bool skip_rest() {
    const int left = depth_ > 0 ? in_.BytesUntilLimit() : size_ - in_.CurrentPosition();
    return in_.Skip(left) && in_.ReadTag() == 0;
  }

  // True after next_tag() has returned 0, if that was the end of the message.
  bool is_at_end() { return !is_too_long_ && in_.ConsumedEntireMessage(); }

 private:
  static constexpr int kMaxTagBytes = 5;
  static constexpr int kMaxSizeBytes = 5;
  static constexpr int kMaxDepth = 100;  // of messages and groups in one another

  bool read_size(int& size) {
    const int before = in_.CurrentPosition();
    return in_.ReadVarintSizeAsInt(&size) && in_.CurrentPosition() - before <= kMaxSizeBytes;
  }

  // Skips everything up to the tag that ends this group. Groups may stand in groups.
  bool skip_group(int field, std::size_t last) {
    using google::protobuf::internal::WireFormatLite;
    if (depth_ == kMaxDepth) return false;
    ++depth_;
    const auto end = static_cast<std::uint32_t>(field) << 3 |
                     static_cast<std::uint32_t>(WireFormatLite::WIRETYPE_END_GROUP);
    while (const auto tag = next_tag()) {
      if (tag == end) {
        --depth_;
        return true;
      }
      if (fields_ > last || !skip(tag, last)) return false;
    }
    return false;
  }

  google::protobuf::io::CodedInputStream in_;
  int size_;  // of the request
  std::size_t fields_ = 0;
  int depth_ = 0;             // messages and groups around the current position
  bool is_too_long_ = false;  // a tag had more than kMaxTagBytes
};

}  // namespace sg::proto
