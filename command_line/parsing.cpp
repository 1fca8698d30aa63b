#include "command_line/parsing.hpp"

#include <CLI/CLI.hpp>

#include "command_line/empty_values.hpp"

namespace sg::command_line {

std::vector<std::string> arguments_of(int argc, char** argv) {
  // A caller of execve() may pass no arguments at all, not even a name.
  if (argc < 1) return {};
  return {argv + 1, argv + argc};
}

void parse(CLI::App& app, const std::vector<std::string>& arguments) {
  if (const auto empty = empty_value(app, arguments)) {
    throw CLI::ParseError(*empty, kBadUsage);
  }
  // CLI11 consumes its vector from the back, so the first argument has to be the last element.
  app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
}

bool asks_for(const std::vector<std::string>& arguments, const std::string& name) {
  for (const std::string& argument : arguments) {
    if (argument == "--") return false;
    if (argument == name || argument == name + "=true") return true;
  }
  return false;
}

}  // namespace sg::command_line
