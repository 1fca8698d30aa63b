// A hash of texts under a secret: who does not know the secret cannot make texts collide, and it
// costs less than half of SHA-256. The text is a polynomial over the numbers modulo 2^61 - 1, taken
// at a secret point: two texts of n bytes have the same hash with a chance of n / 2^63 (Carter and
// Wegman 1979).
//
// Pure. Not for signatures: hashes that are told to others give the secret away.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "persistence/chain/mention.hpp"

namespace sg::persistence {

class KeyedHash {
 public:
  explicit KeyedHash(std::uint64_t secret)
      // Not 0 and not 1, which would add nothing up.
      : point_(2 + mix(secret) % (kPrime - 2)), mask_(mix(secret + 1)) {}

  bool operator==(const KeyedHash&) const = default;

  std::uint64_t operator()(std::string_view text) const {
    // The length first: texts that differ in zeros at their end differ.
    std::uint64_t hash = text.size();
    std::size_t at = 0;
    // A term is 7 bytes; to read 8 and mask one is much faster.
    for (; text.size() - at > kBytesOfTerm; at += kBytesOfTerm) {
      std::uint64_t term = 0;
      std::memcpy(&term, text.data() + at, sizeof term);
      hash = times_point(hash) + (term & kMaskOfTerm);
    }
    std::uint64_t rest = 0;
    std::memcpy(&rest, text.data() + at, text.size() - at);
    hash = times_point(hash) + rest;
    return mix(times_point(hash) ^ mask_);
  }

 private:
  static constexpr std::uint64_t kPrime = (std::uint64_t{1} << 61) - 1;
  static constexpr std::size_t kBytesOfTerm = 7;
  static constexpr std::uint64_t kMaskOfTerm = (std::uint64_t{1} << 56) - 1;

  // `value` < 2^62. The product modulo the prime, below 2^61 + 1.
  std::uint64_t times_point(std::uint64_t value) const {
    __extension__ using Wide = unsigned __int128;
    const auto product = static_cast<Wide>(value) * point_;
    const auto folded =
        static_cast<std::uint64_t>(product & kPrime) + static_cast<std::uint64_t>(product >> 61);
    return (folded & kPrime) + (folded >> 61);
  }

  std::uint64_t point_;
  std::uint64_t mask_;
};

}  // namespace sg::persistence
