// Tells which terms a run cannot have: a Bloom filter whose bits of one term all lie in one cache
// line (Putze, Sanders, Singler 2007, "Cache-, Hash- and Space-Efficient Bloom Filters"). It is
// asked by a hash of the term whose bits are all as good as random. At 16 bits a term about one in
// 1,000 absent terms is taken for present.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "containers/huge_pages.hpp"
#include "containers/prefetch.hpp"
#include "persistence/chain/mention.hpp"

namespace sg::persistence {

class TermFilter {
  static constexpr std::size_t kBitsPerTerm = 16;
  static constexpr std::size_t kLineBits = 512;
  static constexpr unsigned kProbes = 7;
  static constexpr unsigned kBitsPerProbe = 9;  // 2^9 bits in a line
  static constexpr unsigned kUnused = 64 - kProbes * kBitsPerProbe;
  static_assert(kProbes * kBitsPerProbe < 64);

 public:
  TermFilter() = default;
  explicit TermFilter(std::size_t terms) : lines_(terms * kBitsPerTerm / kLineBits + 1) {}

  // A term's hash as every filter looks at it. The line goes by the hash's order, so that terms
  // which come in that order go through the filter's memory in order.
  struct Probe {
    Probe() = default;
    explicit Probe(std::uint64_t hash) : line(hash) {
      const auto places = (hash * 0x9e3779b97f4a7c15u) >> kUnused;
      for (unsigned i = 0; i < kProbes; ++i) {
        const auto bit = (places >> (i * kBitsPerProbe)) & (kLineBits - 1);
        bits[bit / 64] |= std::uint64_t{1} << (bit % 64);
      }
    }
    std::uint64_t line = 0;
    std::array<std::uint64_t, kLineBits / 64> bits{};  // that are set in its line
  };

  void add(const Probe& probe) {
    Line& line = lines_[line_of(probe)];
    for (std::size_t i = 0; i < probe.bits.size(); ++i) line.words[i] |= probe.bits[i];
  }
  // Asks for the memory that may_have() looks at.
  void prefetch(const Probe& probe) const {
    if (!lines_.empty()) ledger::prefetch(&lines_[line_of(probe)]);
  }
  bool may_have(const Probe& probe) const {
    if (lines_.empty()) return false;
    const Line& line = lines_[line_of(probe)];
    // All words are looked at: a branch on each would be guessed wrong half of the time, and keep
    // the processor from waiting for several lines at once.
    std::uint64_t missing = 0;
    for (std::size_t i = 0; i < probe.bits.size(); ++i) missing |= probe.bits[i] & ~line.words[i];
    return missing == 0;
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
  struct alignas(kLineBits / 8) Line {
    std::array<std::uint64_t, kLineBits / 64> words{};
  };

  std::size_t line_of(const Probe& probe) const {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::size_t>((static_cast<Wide>(probe.line) * lines_.size()) >> 64);
  }

  std::vector<Line, ledger::HugePageAllocator<Line>> lines_;
};

}  // namespace sg::persistence
