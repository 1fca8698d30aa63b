// What to say about a name that no key or table has. The messages suggest the nearest known name.
// Operations are pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sg::config {

// The message for `name`, which is not a key of `table`. `table` is empty for a name that stands in
// no table. The message suggests a key or lists those that the table has, and follows "table.name:
// ".
[[nodiscard]] std::string unknown_key(std::string_view table, std::string_view name);

// The same for a table that does not exist.
[[nodiscard]] std::string unknown_table(std::string_view table);

// Whether this version has a table of that name.
[[nodiscard]] bool is_table(std::string_view name);

// Levenshtein's distance: how many single edits turn `a` into `b`. An edit inserts, deletes or
// replaces one byte. Needs time proportional to the product of both sizes.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace sg::config
