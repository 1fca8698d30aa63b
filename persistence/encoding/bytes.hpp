// How numbers and texts become bytes, and back.
//
// - Fixed numbers are little-endian, as they lie in memory.
// - A varint (LEB128) holds 7 bits a byte, the lowest first; bit 7 says that another byte follows.
// - Zigzag maps signed numbers of small magnitude to small unsigned ones: 0, -1, 1, -2 become 0, 1,
//   2, 3. So they make short varints.
// - Numbers in keys are big-endian, because the database compares keys as bytes.
//
// The put_ functions write without a check of bounds: the caller reserves enough room. Each returns
// the place behind what it wrote, so calls nest:
//
//   char buffer[2 * kMaxVarintBytes];
//   char* end = put_varint(put_varint(buffer, 300), zigzag(-5));
//   ByteReader in({buffer, std::size_t(end - buffer)});
//   in.varint();          // 300
//   in.signed_varint();   // -5; in.at_end() is true
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace sg::persistence {

static_assert(std::endian::native == std::endian::little, "fixed numbers are stored as they lie");

// The longest varint: 64 bits at 7 a byte.
inline constexpr std::size_t kMaxVarintBytes = 10;

// Writes at most kMaxVarintBytes.
inline char* put_varint(char* to, std::uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

// Shifts the sign to bit 0, and inverts the other bits of a negative number.
constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

// Writes sizeof(T) bytes. T must be trivially copyable; the place need not be aligned.
template <class T>
char* put_fixed(char* to, T value) {
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}

// Reads what put_fixed() wrote.
template <class T>
T get_fixed(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Writes the bytes as they are, without their length.
inline char* put_bytes(char* to, std::string_view bytes) {
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

// Writes the length as a varint, then the bytes.
inline char* put_text(char* to, std::string_view text) {
  return put_bytes(put_varint(to, text.size()), text);
}

// Big-endian numbers, so that keys sort as their numbers do.
inline char* put_be32(char* to, std::uint32_t value) {
  return put_fixed(to, __builtin_bswap32(value));
}
inline char* put_be64(char* to, std::uint64_t value) {
  return put_fixed(to, __builtin_bswap64(value));
}
inline std::uint32_t get_be32(const char* from) {
  return __builtin_bswap32(get_fixed<std::uint32_t>(from));
}
inline std::uint64_t get_be64(const char* from) {
  return __builtin_bswap64(get_fixed<std::uint64_t>(from));
}
// The same as a key of its own.
inline std::string be32(std::uint32_t value) {
  std::string key(sizeof value, '\0');
  put_be32(key.data(), value);
  return key;
}
inline std::string be64(std::uint64_t value) {
  std::string key(sizeof value, '\0');
  put_be64(key.data(), value);
  return key;
}

// A growing buffer that does not zero the room which is about to be written. Not thread-safe.
//
//   char* to = buffer.reserve(kMaxVarintBytes);
//   buffer.set_end(put_varint(to, value));
class ByteBuffer {
 public:
  char* data() { return data_.get(); }
  const char* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  // Keeps the memory for the next use.
  void clear() { size_ = 0; }

  // Makes room for `bytes` more behind the contents, and returns where it begins. Invalidates
  // earlier pointers and views. The size does not change before set_end().
  char* reserve(std::size_t bytes) {
    if (capacity_ - size_ < bytes) grow(bytes);
    return data_.get() + size_;
  }
  // The contents now end here; `end` must lie in the room that was reserved last.
  void set_end(const char* end) { size_ = static_cast<std::size_t>(end - data_.get()); }
  // A view of the contents, good until the next reserve().
  std::string_view slice(std::size_t begin, std::size_t bytes) const {
    return {data_.get() + begin, bytes};
  }

 private:
  void grow(std::size_t bytes) {
    std::size_t capacity = capacity_ == 0 ? 4096 : capacity_ * 2;
    while (capacity - size_ < bytes) capacity *= 2;
    std::unique_ptr<char[]> larger(new char[capacity]);
    if (size_ != 0) std::memcpy(larger.get(), data_.get(), size_);
    data_ = std::move(larger);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// Reads encoded bytes and never leaves their bounds. A read past the end, or of bytes that no
// writer here produces, fails the reader. From then on ok() is false, and every read gives zero or
// an empty view. So a decoder may read all fields first and check once at the end.
//
// Not thread-safe. The views that it returns point into the bytes that it was made with.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return ok_; }
  // True if all bytes were read and none failed.
  bool at_end() const { return ok_ && at_ == end_; }
  // Bytes that were not read yet.
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  // Accepts a number in its shortest form only. Then every value has exactly one encoding, and
  // bytes that decode are the bytes that were encoded.
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= static_cast<std::uint64_t>(byte & 0x7Fu) << shift;
      if (byte >= 0x80) continue;
      // A last byte of zero means that a shorter form exists. The tenth byte has one bit only.
      if ((byte == 0 && shift > 0) || (byte > 1 && shift == 63)) break;
      return value;
    }
    fail();
    return 0;
  }
  // The same for a number that has to fit into 32 bits; fails the reader otherwise.
  std::uint32_t varint32() {
    const auto value = varint();
    if (value > ~std::uint32_t{0}) fail();
    return ok_ ? static_cast<std::uint32_t>(value) : 0;
  }
  // Undoes zigzag().
  std::int64_t signed_varint() { return unzigzag(varint()); }

  template <class T>
  T fixed() {
    const auto bytes = take(sizeof(T));
    return ok_ ? get_fixed<T>(bytes.data()) : T{};
  }
  // The next `bytes` bytes, as a view.
  std::string_view take(std::size_t bytes) {
    if (!ok_ || left() < bytes) {
      fail();
      return {};
    }
    const std::string_view taken(at_, bytes);
    at_ += bytes;
    return taken;
  }
  // What put_text() wrote.
  std::string_view text() { return take(varint()); }
  // For a decoder that finds a value which makes no sense.
  void fail() {
    ok_ = false;
    at_ = end_;
  }

 private:
  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace sg::persistence
