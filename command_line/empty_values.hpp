// Refuses empty values before CLI11 reads the arguments.
//
// A script with an unset variable writes `--key "$KEY"` or `--key=$KEY`. The first would be taken
// for "no key". CLI11 would let the second swallow the next argument. Both move money wrongly, so
// no program of this project takes an empty value anywhere.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>
#include <vector>

namespace sg::command_line {

// A sentence that names the first empty value, or nothing. Looks at the arguments (without the
// program's name) and at the environment variables that `app` reads for options not given.
[[nodiscard]] std::optional<std::string> empty_value(const CLI::App& app,
                                                     const std::vector<std::string>& arguments);

}  // namespace sg::command_line
