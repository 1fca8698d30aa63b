// Tells which terms a run cannot have: a Bloom filter whose bits of one term all lie in one cache
// line (Putze, Sanders, Singler 2007, "Cache-, Hash- and Space-Efficient Bloom Filters"). At 16
// bits a term about one in 1,000 absent terms is taken for present.
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

  // A term as every filter looks at it.
  struct Probe {
    Probe() = default;
    explicit Probe(Term term) : line(mix(term)), bits((line * 0x9e3779b97f4a7c15u) >> kUnused) {}
    std::uint64_t line = 0;
    std::uint64_t bits = 0;  // kProbes numbers of kBitsPerProbe bits, of another mix
  };

  void add(Term term) {
    const Probe probe(term);
    Line& line = lines_[line_of(probe)];
    for (unsigned i = 0; i < kProbes; ++i) {
      const auto bit = bit_of(probe, i);
      line.words[bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
  }
  // Asks for the memory that may_have() looks at.
  void prefetch(const Probe& probe) const {
    if (!lines_.empty()) __builtin_prefetch(&lines_[line_of(probe)]);
  }
  bool may_have(const Probe& probe) const {
    if (lines_.empty()) return false;
    const Line& line = lines_[line_of(probe)];
    // All bits are looked at, and no loop is left: a branch on each would be guessed wrong half of
    // the time, and keep the processor from waiting for several lines at once.
    std::uint64_t all = 1;
#pragma GCC unroll 7
    for (unsigned i = 0; i < kProbes; ++i) {
      const auto bit = bit_of(probe, i);
      all &= line.words[bit / 64] >> (bit % 64);
    }
    return all != 0;
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
  static constexpr std::size_t kBitsPerTerm = 16;
  static constexpr std::size_t kLineBits = 512;
  static constexpr unsigned kProbes = 7;
  static constexpr unsigned kBitsPerProbe = 9;  // 2^9 bits in a line
  static constexpr unsigned kUnused = 64 - kProbes * kBitsPerProbe;
  static_assert(kProbes == 7, "may_have() unrolls its loop so often");
  static_assert(kProbes * kBitsPerProbe < 64);
  struct alignas(kLineBits / 8) Line {
    std::array<std::uint64_t, kLineBits / 64> words{};
  };

  std::size_t line_of(const Probe& probe) const {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::size_t>((static_cast<Wide>(probe.line) * lines_.size()) >> 64);
  }
  static unsigned bit_of(const Probe& probe, unsigned i) {
    return static_cast<unsigned>(probe.bits >> (i * kBitsPerProbe)) & (kLineBits - 1);
  }

  std::vector<Line> lines_;
};

}  // namespace sg::persistence
