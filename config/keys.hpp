// The table of all keys: name, unit, bounds, explanation and the member of Settings that each one
// sets. The file, --set and the documentation read the same table, so that they cannot disagree.
//
// Thread safety: the tables are constant.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "config/settings.hpp"

namespace sg::config {

// A value as a file or --set gives it; the types that keys of this version have.
using Value = std::variant<std::int64_t, std::string>;

struct Integer {
  std::int64_t min;
  std::int64_t max;  // inclusive
  std::int64_t (*get)(const Settings&);
  void (*set)(Settings&, std::int64_t);  // takes what is within the bounds
};

struct Text {
  std::string (*wanted)();  // completes "must be ..."
  std::string (*get)(const Settings&);
  bool (*set)(Settings&, const std::string&);  // false, and nothing changed, if it is not that
};

struct Key {
  std::string_view table;
  std::string_view name;
  std::string_view unit;  // of an integer; the form of a text
  std::variant<Integer, Text> type;
  std::string_view explanation;

  [[nodiscard]] std::string full_name() const;  // "server.listen"
};

struct Table {
  std::string_view name;
  std::string_view explanation;
};

// Both in the order in which they are documented; the keys of a table stand together.
[[nodiscard]] std::span<const Table> tables();
[[nodiscard]] std::span<const Key> keys();

// Tables whose names later versions use.
[[nodiscard]] std::span<const std::string_view> reserved_tables();

// Null if there is none.
[[nodiscard]] const Key* find_key(std::string_view table, std::string_view name);

// "an integer from 1 to 1024": completes "must be ...".
[[nodiscard]] std::string wanted(const Key& key);

[[nodiscard]] Value read(const Key& key, const Settings& settings);

// Sets the key, or changes nothing and returns what the value must be.
[[nodiscard]] std::optional<std::string> write(const Key& key, const Value& value,
                                               Settings& settings);

// As TOML writes it.
[[nodiscard]] std::string to_toml(const Value& value);

}  // namespace sg::config
