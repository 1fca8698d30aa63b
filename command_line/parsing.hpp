// How every program of this project reads its arguments: strictly, with exit code 2 for bad usage.
//
//   parse(app, arguments_of(argc, argv));
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace sg::command_line {

// Exit code for bad usage, or for settings that cannot be used.
inline constexpr int kBadUsage = 2;

// The arguments without the program's name. Empty if there is not even a name.
[[nodiscard]] std::vector<std::string> arguments_of(int argc, char** argv);

// Reads the arguments into the variables that the options of `app` are bound to.
//
// Throws CLI::ParseError for bad usage, empty values included (empty_values.hpp). Throws
// CLI::Success if help or the version was asked for.
void parse(CLI::App& app, const std::vector<std::string>& arguments);

// Whether the flag `name`, such as "--json", stands among the arguments. Needed before they are
// parsed, or when they cannot be parsed, to choose the form of an error message. Arguments after
// "--" do not count.
[[nodiscard]] bool asks_for(const std::vector<std::string>& arguments, const std::string& name);

}  // namespace sg::command_line
