// The table of all keys: name, unit, bounds, explanation and the member of Settings that each one
// sets. The file, --set and the documentation read the same table, so they cannot disagree.
//
//   const Key* key = find_key("ledger", "shards");
//   if (auto must_be = write(*key, Value{4}, settings)) std::cerr << "must be " << *must_be;
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

// A value from a file or from --set. These are the only types that keys have in this version.
using Value = std::variant<std::int64_t, std::string, bool>;

// Type of a key that holds a whole number or a duration.
struct Integer {
  std::int64_t min;  // inclusive, in the unit of the key
  std::int64_t max;  // inclusive
  std::int64_t (*get)(const Settings&);
  void (*set)(Settings&, std::int64_t);  // needs a value within the bounds
};

// Type of a key that holds a string with a form of its own, such as HOST:PORT.
struct Text {
  std::string (*wanted)();  // completes "must be ...", for messages
  std::string (*get)(const Settings&);
  bool (*set)(Settings&, const std::string&);  // false if the form is wrong; changes nothing then
};

// Type of a key that is true or false.
struct Flag {
  bool (*get)(const Settings&);
  void (*set)(Settings&, bool);
};

// One row of the table. All texts live as long as the program.
struct Key {
  std::string_view table;
  std::string_view name;
  std::string_view unit;  // of an integer, such as "bytes"; for others, their form
  std::variant<Integer, Text, Flag> type;
  std::string_view explanation;
  bool is_live = false;  // SIGHUP takes a new value up while the server runs

  [[nodiscard]] std::string full_name() const;  // "server.listen"
};

// One section of the file, such as [server].
struct Table {
  std::string_view name;
  std::string_view explanation;
};

// All sections and all keys, in the order in which they are documented. The keys of one section
// stand together.
[[nodiscard]] std::span<const Table> tables();
[[nodiscard]] std::span<const Key> keys();

// The row of a key, or nullptr if there is none: find_key("server", "listen").
[[nodiscard]] const Key* find_key(std::string_view table, std::string_view name);

// "an integer from 1 to 1024": completes "must be ...".
[[nodiscard]] std::string wanted(const Key& key);

// The value that the settings hold for this key.
[[nodiscard]] Value read(const Key& key, const Settings& settings);

// Sets the key in `settings`. Returns nullopt if it did. If the value has the wrong type or is out
// of bounds, changes nothing and returns what the value must be, as wanted() does.
[[nodiscard]] std::optional<std::string> write(const Key& key, const Value& value,
                                               Settings& settings);

// The value in the notation of TOML. Long strings are cut off, so this is for messages and short
// values.
[[nodiscard]] std::string to_toml(const Value& value);

}  // namespace sg::config
