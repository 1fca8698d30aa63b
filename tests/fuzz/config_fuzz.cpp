// Configuration files and overrides. What loads is within its bounds, and loads again from its own
// text; what does not is told with a line of the file; an override that is refused changes nothing.
#include <algorithm>

#include "config/keys.hpp"
#include "config/load.hpp"
#include "tests/fuzz/property.hpp"

using namespace sg;
using namespace sg::config;
using fuzz::must;

namespace {

// Each key's value, written back with the key's own check.
void check_within_bounds(const Settings& settings) {
  auto again = defaults();
  for (const auto& key : keys()) {
    must(!write(key, read(key, settings), again), "a setting that loads is within its bounds");
  }
  must(again == settings, "settings are the values of their keys");
}

// quote() would cut a long one.
std::string whole(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return to_toml(value);
  std::string quoted;
  for (const char c : *text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return '"' + quoted + '"';
}

std::string as_toml(const Settings& settings) {
  std::string text;
  for (const auto& table : tables()) {
    text.append("[").append(table.name).append("]\n");
    for (const auto& key : keys()) {
      if (key.table != table.name) continue;
      text.append(key.name).append(" = ").append(whole(read(key, settings))).append("\n");
    }
  }
  return text;
}

bool is_one_line(const std::string& text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

void check_file(std::string_view text) {
  const auto settings = parse(text, "fuzz.toml");
  if (!settings) {
    must(!settings.error().empty(), "a refusal says why");
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    for (const auto& error : settings.error()) {
      must(!error.message.empty(), "an error says what would be right");
      must(is_one_line(to_string(error)), "an error is one printable line");
      must(!error.line || (*error.line >= 1 && *error.line <= lines), "an error's line is there");
    }
    return;
  }
  check_within_bounds(*settings);
  const auto again = parse(as_toml(*settings), "again.toml");
  must(again && *again == *settings, "settings that load, load again from their own text");
}

void check_override(std::string_view assignment) {
  const auto before = defaults();
  auto settings = before;
  const auto applied = apply_override(settings, assignment);
  if (!applied) {
    must(settings == before, "an override that is refused changes nothing");
    must(is_one_line(to_string(applied.error())), "an error is one printable line");
    return;
  }
  check_within_bounds(settings);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  check_file(text);
  check_override(text);
  return 0;
}
