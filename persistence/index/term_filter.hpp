// A Bloom filter that tells which terms a run cannot have. All bits of one term are in one cache
// line, so a question costs one wait for memory (Putze, Sanders, Singler 2007, "Cache-, Hash- and
// Space-Efficient Bloom Filters"). At 16 bits a term, about one in 1,000 absent terms is taken for
// present. A present term is always found.
//
//   TermFilter filter(1'000'000);              // terms
//   const TermFilter::Probe probe(hash);       // each bit of the hash as good as random
//   filter.add(probe);
//   filter.may_have(probe);                    // true
//
// Concurrency: any number of threads may ask; add() and load() need the filter for themselves.
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
  static constexpr unsigned kBitsPerProbe = 9;                       // 2^9 bits in a line
  static constexpr unsigned kUnused = 64 - kProbes * kBitsPerProbe;  // low bits that are dropped
  static_assert(kProbes * kBitsPerProbe < 64);

 public:
  // Has no terms: may_have() is always false. load() may fill it.
  TermFilter() = default;
  // For about so many terms. More of them only make wrong answers more frequent.
  explicit TermFilter(std::size_t terms) : lines_(terms * kBitsPerTerm / kLineBits + 1) {}

  // What a filter needs of a term's hash; the same for all filters, so it is computed once. The
  // line follows the order of the hashes: terms that are added in that order go through the
  // filter's memory in order.
  struct Probe {
    Probe() = default;
    explicit Probe(std::uint64_t hash) : line(hash) {
      // The line uses the high bits of the hash. Multiplying by 2^64 divided by the golden ratio
      // gives other bits for the seven places within the line.
      const auto places = (hash * 0x9e3779b97f4a7c15u) >> kUnused;
      for (unsigned i = 0; i < kProbes; ++i) {
        const auto bit = (places >> (i * kBitsPerProbe)) & (kLineBits - 1);
        bits[bit / 64] |= std::uint64_t{1} << (bit % 64);
      }
    }
    std::uint64_t line = 0;                            // the hash: line_of() scales it
    std::array<std::uint64_t, kLineBits / 64> bits{};  // the term's bits within its line
  };

  void add(const Probe& probe) {
    Line& line = lines_[line_of(probe)];
    for (std::size_t i = 0; i < probe.bits.size(); ++i) line.words[i] |= probe.bits[i];
  }
  // Starts to load the memory that add() and may_have() need. Prefetch several probes before the
  // first is used, so that the waits for memory overlap.
  void prefetch(const Probe& probe) const {
    if (!lines_.empty()) ledger::prefetch(&lines_[line_of(probe)]);
  }
  // False: the term was never added.
  bool may_have(const Probe& probe) const {
    if (lines_.empty()) return false;
    const Line& line = lines_[line_of(probe)];
    // Look at all words without a branch. A branch on each would be predicted wrongly half of the
    // time, and would keep the processor from waiting for several lines at once.
    std::uint64_t missing = 0;
    for (std::size_t i = 0; i < probe.bits.size(); ++i) missing |= probe.bits[i] & ~line.words[i];
    return missing == 0;
  }

  // The filter as a run's footer holds it. The view is good until the filter changes.
  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(lines_.data()), lines_.size() * sizeof(Line)};
  }
  // Replaces the filter by what bytes() gave. False if the bytes cannot be a filter.
  [[nodiscard]] bool load(std::string_view bytes) {
    if (bytes.empty() || bytes.size() % sizeof(Line) != 0) return false;
    lines_.resize(bytes.size() / sizeof(Line));
    std::memcpy(lines_.data(), bytes.data(), bytes.size());
    return true;
  }

 private:
  // One cache line.
  struct alignas(kLineBits / 8) Line {
    std::array<std::uint64_t, kLineBits / 64> words{};
  };

  // Scales the hash from [0, 2^64) to [0, lines): keeps the order and needs no division.
  std::size_t line_of(const Probe& probe) const {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::size_t>((static_cast<Wide>(probe.line) * lines_.size()) >> 64);
  }

  std::vector<Line, ledger::HugePageAllocator<Line>> lines_;
};

}  // namespace sg::persistence
