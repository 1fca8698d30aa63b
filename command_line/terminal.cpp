#include "command_line/terminal.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace sg::command_line {
namespace {

// Unset and empty mean the same here.
std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Terminal terminal_at(int descriptor) {
  const std::string_view kind = variable("TERM");
  if (isatty(descriptor) != 1 || kind.empty() || kind == "dumb") return {};
  return {.moves_cursor = true, .shows_colour = variable("NO_COLOR").empty()};
}

}  // namespace sg::command_line
