#include "ledger/details.hpp"

#include <algorithm>

namespace sg::ledger {

void sort_metadata(Details& details) {
  auto& pairs = details.metadata;
  const auto by_key = [](const auto& a, const auto& b) { return a.first < b.first; };
  if (!std::is_sorted(pairs.begin(), pairs.end(), by_key)) {
    std::stable_sort(pairs.begin(), pairs.end(), by_key);
  }
  // From behind, so that of equal keys the last one stays.
  const auto same_key = [](const auto& a, const auto& b) { return a.first == b.first; };
  const auto kept = std::unique(pairs.rbegin(), pairs.rend(), same_key);
  pairs.erase(pairs.begin(), kept.base());
  // They stay as long as the request.
  pairs.shrink_to_fit();
}

}  // namespace sg::ledger
