// Tells which terms a run cannot have: a Bloom filter whose bits of one term all lie in one cache
// line (Putze, Sanders, Singler 2007, "Cache-, Hash- and Space-Efficient Bloom Filters"). At 12
// bits a term about one in 150 absent terms is taken for present.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/mention.hpp"

namespace sg::persistence {

class TermFilter {
 public:
  TermFilter() = default;
  explicit TermFilter(std::size_t terms) : lines_(terms * kBitsPerTerm / kLineBits + 1) {}

  void add(Term term) {
    const std::uint64_t hash = mix(term);
    Line& line = lines_[line_of(hash)];
    for (unsigned i = 0; i < kProbes; ++i) {
      const auto bit = bit_of(hash, i);
      line[bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
  }
  bool may_have(Term term) const {
    if (lines_.empty()) return false;
    const std::uint64_t hash = mix(term);
    const Line& line = lines_[line_of(hash)];
    for (unsigned i = 0; i < kProbes; ++i) {
      const auto bit = bit_of(hash, i);
      if ((line[bit / 64] >> (bit % 64) & 1) == 0) return false;
    }
    return true;
  }

  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(lines_.data()), lines_.size() * sizeof(Line)};
  }
  // False when the bytes are no filter.
  [[nodiscard]] bool load(std::string_view bytes) {
    if (bytes.empty() || bytes.size() % sizeof(Line) != 0) return false;
    lines_.resize(bytes.size() / sizeof(Line));
    std::memcpy(lines_.data(), bytes.data(), bytes.size());
    return true;
  }

 private:
  static constexpr std::size_t kBitsPerTerm = 12;
  static constexpr std::size_t kLineBits = 512;
  static constexpr unsigned kProbes = 6;
  static constexpr unsigned kBitsPerProbe = 9;  // 2^9 bits in a line
  using Line = std::array<std::uint64_t, kLineBits / 64>;

  // splitmix64's finish (Steele, Lea, Flood 2014): account numbers are dense.
  static std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
  }
  std::size_t line_of(std::uint64_t hash) const {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::size_t>((static_cast<Wide>(hash) * lines_.size()) >> 64);
  }
  // Of another mix than the line's.
  static unsigned bit_of(std::uint64_t hash, unsigned probe) {
    const std::uint64_t bits = (hash * 0x9e3779b97f4a7c15u) >> (64 - kProbes * kBitsPerProbe);
    return static_cast<unsigned>(bits >> (probe * kBitsPerProbe)) & (kLineBits - 1);
  }

  std::vector<Line> lines_;
};

}  // namespace sg::persistence
