// A stream of text, read byte by byte with a bound on memory. It counts lines and bytes, for
// messages and for going on after the last whole record.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <istream>

namespace sg::cli {

// The longest line of JSON, and the longest row of CSV. The largest record, with 4,096 entries on
// accounts of the longest ids, takes less than half of it.
inline constexpr std::size_t kMostLineBytes = 8 << 20;

// Not thread-safe. Needs: the stream outlives it.
class TextInput {
 public:
  static constexpr int kEnd = -1;

  explicit TextInput(std::istream& in) : in_(in) {}

  // The next byte, or kEnd.
  int get() {
    if (at_ == size_ && !fill()) return kEnd;
    const auto byte = static_cast<unsigned char>(buffer_[at_++]);
    if (byte == '\n') ++lines_;
    return byte;
  }
  int peek() {
    if (at_ == size_ && !fill()) return kEnd;
    return static_cast<unsigned char>(buffer_[at_]);
  }
  // The line on which the next byte stands, from 1.
  std::size_t line() const { return lines_ + 1; }
  // How many bytes were got.
  std::uint64_t offset() const { return before_ + at_; }

 private:
  bool fill() {
    before_ += at_;
    in_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    at_ = 0;
    size_ = static_cast<std::size_t>(in_.gcount());
    return size_ > 0;
  }

  std::istream& in_;
  std::array<char, 1 << 16> buffer_{};
  std::size_t at_ = 0;
  std::size_t size_ = 0;
  std::uint64_t before_ = 0;  // bytes of earlier buffers
  std::size_t lines_ = 0;     // that have ended
};

}  // namespace sg::cli
