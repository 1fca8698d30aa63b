// Applies --set KEY=VALUE, one key for one start. KEY is "table.name". VALUE is a bare text, since
// the quotes of TOML would have to be protected from the shell.
#include <charconv>
#include <system_error>

#include "config/keys.hpp"
#include "config/load.hpp"
#include "config/unknown.hpp"

namespace sg::config {
namespace {

// An error of --set, which has no line.
tl::unexpected<Error> refused(std::string key, std::string value, std::string message) {
  return tl::unexpected<Error>(
      Error{"--set", std::nullopt, std::move(key), std::move(value), std::move(message)});
}

// The text as the type that the key wants. A text of another type stays a text, so that write()
// refuses it and the message quotes it.
Value value_for(const Key& key, std::string_view text) {
  std::int64_t integer = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, integer);
  const bool is_integer = error == std::errc{} && stop == end;
  if (std::holds_alternative<Integer>(key.type) && is_integer) return integer;
  if (std::holds_alternative<Flag>(key.type) && (text == "true" || text == "false")) {
    return text == "true";
  }
  return std::string(text);
}

}  // namespace

tl::expected<void, Error> apply_override(Settings& settings, std::string_view assignment) {
  const auto equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return refused("", "", quote(assignment) + " must be KEY=VALUE, as in log.level=debug");
  }
  const auto full_name = assignment.substr(0, equals);
  const auto text = assignment.substr(equals + 1);
  // A name without a dot stands in no table. It is looked up all the same, for the suggestion.
  const auto dot = full_name.find('.');
  const auto table = dot == std::string_view::npos ? "" : full_name.substr(0, dot);
  const auto name = dot == std::string_view::npos ? full_name : full_name.substr(dot + 1);

  const auto* key = find_key(table, name);
  if (key == nullptr) {
    const bool in_unknown_table = dot != std::string_view::npos && !is_table(table);
    return refused(printable(full_name), "",
                   in_unknown_table ? unknown_table(table) : unknown_key(table, name));
  }
  const auto value = value_for(*key, text);
  if (const auto must_be = write(*key, value, settings)) {
    return refused(key->full_name(), to_toml(value), "must be " + *must_be);
  }
  return {};
}

}  // namespace sg::config
