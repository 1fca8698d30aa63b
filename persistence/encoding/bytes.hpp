// Bytes in and out: little-endian fixed numbers, varints (LEB128), zigzag, big-endian keys, and a
// reader that never leaves its bounds.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace sg::persistence {

static_assert(std::endian::native == std::endian::little, "fixed numbers are stored as they lie");

inline constexpr std::size_t kMaxVarintBytes = 10;

inline char* put_varint(char* to, std::uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

template <class T>
char* put_fixed(char* to, T value) {
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}

template <class T>
T get_fixed(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

inline char* put_bytes(char* to, std::string_view bytes) {
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

// Length first.
inline char* put_text(char* to, std::string_view text) {
  return put_bytes(put_varint(to, text.size()), text);
}

// Big-endian, so that keys sort as their numbers do.
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

// Grows without zeroing what is about to be written.
class ByteBuffer {
 public:
  char* data() { return data_.get(); }
  const char* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  void clear() { size_ = 0; }

  // Room for `bytes` more behind what is there; invalidates earlier pointers.
  char* reserve(std::size_t bytes) {
    if (capacity_ - size_ < bytes) grow(bytes);
    return data_.get() + size_;
  }
  void set_end(const char* end) { size_ = static_cast<std::size_t>(end - data_.get()); }
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

// After the first read past the end, or of what no writer here writes, ok() is false and every read
// gives zero or nothing.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && at_ == end_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  // Only in its shortest form: then bytes that decode are the bytes that were encoded.
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= static_cast<std::uint64_t>(byte & 0x7Fu) << shift;
      if (byte >= 0x80) continue;
      if ((byte == 0 && shift > 0) || (byte > 1 && shift == 63)) break;
      return value;
    }
    fail();
    return 0;
  }
  std::uint32_t varint32() {
    const auto value = varint();
    if (value > ~std::uint32_t{0}) fail();
    return ok_ ? static_cast<std::uint32_t>(value) : 0;
  }
  std::int64_t signed_varint() { return unzigzag(varint()); }

  template <class T>
  T fixed() {
    const auto bytes = take(sizeof(T));
    return ok_ ? get_fixed<T>(bytes.data()) : T{};
  }
  std::string_view take(std::size_t bytes) {
    if (!ok_ || left() < bytes) {
      fail();
      return {};
    }
    const std::string_view taken(at_, bytes);
    at_ += bytes;
    return taken;
  }
  std::string_view text() { return take(varint()); }
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
