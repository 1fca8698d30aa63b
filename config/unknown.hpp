// Names that no key has: what to say about them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sg::config {

// Completes "table.name: ..." for a name that is not a key of `table`. `table` is empty for a name
// that stands in no table.
[[nodiscard]] std::string unknown_key(std::string_view table, std::string_view name);

// The same for a table.
[[nodiscard]] std::string unknown_table(std::string_view table);

[[nodiscard]] bool is_table(std::string_view name);
[[nodiscard]] bool is_reserved_table(std::string_view name);  // of a later version

// Single edits (insert, delete, replace a byte) between two names: Levenshtein's distance.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace sg::config
