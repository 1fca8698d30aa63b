// How every program reads its arguments: strictly, with exit code 2 for bad usage.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace sg::command_line {

// Bad usage, or settings that cannot be used.
inline constexpr int kBadUsage = 2;

// The arguments without the program's name.
[[nodiscard]] std::vector<std::string> arguments_of(int argc, char** argv);

// Fills what the options of `app` are bound to. Throws CLI::ParseError for bad usage, an empty
// value included (empty_values.hpp), and CLI::Success for help and version.
void parse(CLI::App& app, const std::vector<std::string>& arguments);

// Whether the flag `name` ("--json") stands among the arguments. For the time before they are
// parsed, or when they cannot be.
[[nodiscard]] bool asks_for(const std::vector<std::string>& arguments, const std::string& name);

}  // namespace sg::command_line
