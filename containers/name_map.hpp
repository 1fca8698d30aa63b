// A hash map by name. It can be searched with a std::string_view, so that a look-up makes no
// std::string.
//
//   NameMap<int> ages;
//   ages.find(std::string_view("alice"));
//
// Concurrency and limits are those of absl::flat_hash_map: not synchronised, and an insertion moves
// the elements. Needs a hash of its own: Debian's abseil has its own string_view, so its default
// hash does not accept std::string_view.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <functional>
#include <string>
#include <string_view>

namespace sg::ledger {

// Hashes std::string and std::string_view alike. `is_transparent` lets the map search with either.
struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const noexcept {
    return std::hash<std::string_view>{}(name);
  }
};

// Compares with std::equal_to<>, which takes both types as well.
template <class Value>
using NameMap = absl::flat_hash_map<std::string, Value, NameHash, std::equal_to<>>;

}  // namespace sg::ledger
