// Suggestions for misspelt names, by edit distance.
//
// A known name under the wrong table comes first. Otherwise the nearest name within the table is
// suggested, if it is near enough. Edit distance is computed row by row (Wagner and Fischer 1974).
#include "config/unknown.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

#include "config/keys.hpp"

namespace sg::config {
namespace {

// A name is near if at most about a quarter of it is wrong, plus one byte. So maxInFlight is near
// max_in_flight, but timeout is not near drain_timeout.
bool is_near(std::string_view a, std::string_view b, std::size_t distance) {
  return distance <= 1 + std::max(a.size(), b.size()) / 4;
}

// The nearest candidate that is near enough, the first of equals.
std::optional<std::string_view> nearest(std::string_view name,
                                        const std::vector<std::string_view>& candidates) {
  constexpr std::size_t longest_name = 64;  // beyond any key; bounds the work on odd input
  if (name.size() > longest_name) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t best_distance = 0;
  for (const auto candidate : candidates) {
    const auto distance = edit_distance(name, candidate);
    if (!is_near(name, candidate, distance) || (best && distance >= best_distance)) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

std::vector<std::string_view> names_in(std::string_view table) {
  std::vector<std::string_view> names;
  for (const auto& key : keys()) {
    if (key.table == table) names.push_back(key.name);
  }
  return names;
}

std::vector<std::string_view> table_names() {
  std::vector<std::string_view> names;
  for (const auto& table : tables()) names.push_back(table.name);
  return names;
}

std::string joined(const std::vector<std::string_view>& words, std::string_view before = "",
                   std::string_view after = "") {
  std::string out;
  for (const auto word : words) {
    if (!out.empty()) out += ", ";
    out.append(before).append(word).append(after);
  }
  return out;
}

// The full name of a key with this name, in whatever table. Finds keys under a wrong table, or
// under none.
std::optional<std::string> same_name_elsewhere(std::string_view name) {
  for (const auto& key : keys()) {
    if (key.name == name) return key.full_name();
  }
  return std::nullopt;
}

std::optional<std::string> suggestion(std::string_view table, std::string_view name) {
  if (auto elsewhere = same_name_elsewhere(name)) return elsewhere;
  const auto near = nearest(name, names_in(table));
  if (!near) return std::nullopt;
  return std::string(table).append(".").append(*near);
}

std::string all_tables() { return "the tables are " + joined(table_names(), "[", "]"); }

}  // namespace

bool is_table(std::string_view name) {
  const auto names = table_names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string unknown_table(std::string_view table) {
  const auto near = nearest(table, table_names());
  const auto hint = near ? ", did you mean [" + std::string(*near) + "]?" : ";";
  return "unknown table" + hint + " " + all_tables();
}

std::string unknown_key(std::string_view table, std::string_view name) {
  const auto near = suggestion(table, name);
  const auto hint = "unknown key" + (near ? ", did you mean " + *near + "?" : ";") + " ";
  if (!is_table(table)) return hint + "keys stand in tables; " + all_tables();
  return hint + "[" + std::string(table) + "] has " + joined(names_in(table));
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);  // row of the matrix; the first one is 0, 1, 2, ...
  std::iota(row.begin(), row.end(), std::size_t{0});
  // Invariant: before step i, row[j] is the distance from the first i bytes of a to the first j of
  // b. Only one row of the matrix is kept; `diagonal` is the value up and left of row[j + 1].
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      // The cheapest of: insert a byte of b, delete one of a, or replace it (free if they are
      // equal).
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace sg::config
