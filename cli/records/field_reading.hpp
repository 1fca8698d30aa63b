// Reads the fields of one line of an export, and collects what is wrong with them.
#pragma once

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "cli/import/import_rules.hpp"
#include "cli/records/record_fields.hpp"
#include "cli/session/arguments.hpp"

namespace sg::cli {

// Collects the first thing that is wrong. What is read after it does not count.
class Reading {
 public:
  explicit Reading(const RecordFields& fields) : fields_(fields) {}

  void refuse(std::string what) {
    if (!error_) error_ = std::move(what);
  }
  bool is_good() const { return !error_; }
  std::string error() { return std::move(*error_); }

  // Whether the field has a text; refuses the line if it has none.
  const std::string& needed(Field field) {
    if (fields_[field].empty()) refuse(std::string(name_of(field)) + " is missing");
    return fields_[field];
  }
  template <class Integer>
  Integer integer(Field field) {
    return integer<Integer>(needed(field), name_of(field));
  }
  template <class Integer>
  Integer integer(const std::string& text, std::string_view name) {
    Integer value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
      refuse(std::string(name) + " is " + quoted(text) + " and has to be a whole number" +
             (std::is_unsigned_v<Integer> ? ", 0 or more" : "") + ", of 64 bits");
    }
    return value;
  }
  // Of a field that may be left out, which is false.
  bool flag(Field field) {
    const auto& text = fields_[field];
    if (!text.empty() && text != "true" && text != "false") {
      refuse(std::string(name_of(field)) + " is " + quoted(text) + " and has to be true or false");
    }
    return text == "true";
  }
  void id(const std::string& text, std::string_view name) {
    if (text.empty()) return refuse(std::string(name) + " is missing");
    if (const auto wrong = wrong_id(text)) refuse(std::string(name) + " " + *wrong);
  }
  template <class Value>
  Value parsed(Field field, Parsed<Value> (*parse)(std::string_view)) {
    const auto value = parse(needed(field));
    if (value) return *value;
    refuse(std::string(name_of(field)) + ": " + value.error());
    return Value{};
  }
  // Refuses all fields with a text that are not among these.
  void only(std::string_view what, std::initializer_list<Field> fields) {
    for (std::size_t i = 0; i < kFields; ++i) {
      const auto field = static_cast<Field>(i);
      if (fields_[field].empty() || std::ranges::find(fields, field) != fields.end()) continue;
      refuse(std::string(what) + " has no field " + std::string(name_of(field)));
    }
  }
  void no_lists(std::string_view what, bool may_have_metadata) {
    if (!fields_.entries.empty()) refuse(std::string(what) + " has no entries");
    if (!may_have_metadata && !fields_.metadata.empty()) {
      refuse(std::string(what) + " has no metadata");
    }
  }
  void metadata(google::protobuf::Map<std::string, std::string>& to) {
    for (const auto& [key, value] : fields_.metadata) to[key] = value;
    if (const auto wrong = wrong_metadata(to)) refuse("metadata " + *wrong);
  }

  static std::string quoted(std::string_view text) {
    constexpr std::size_t kMost = 64;
    return '"' + std::string(text.substr(0, kMost)) + (text.size() > kMost ? "...\"" : "\"");
  }

 private:
  const RecordFields& fields_;
  std::optional<std::string> error_;
};

}  // namespace sg::cli
