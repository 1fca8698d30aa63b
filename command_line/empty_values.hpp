// Refuses empty values before CLI11 reads the arguments.
//
// A script with an unset variable writes `--key "$KEY"` or `--key=$KEY`. The first would mean "no
// key". With the second, CLI11 would swallow the next argument as the value. Both move money
// wrongly, so no program of this project takes an empty value anywhere.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>
#include <vector>

namespace sg::command_line {

// Returns a sentence that names the first empty value, or nullopt if there is none. `arguments`
// come without the program's name. Environment variables count too, if `app` reads them for an
// option that is not among the arguments. Changes nothing; `app` only tells which options take a
// value.
[[nodiscard]] std::optional<std::string> empty_value(const CLI::App& app,
                                                     const std::vector<std::string>& arguments);

}  // namespace sg::command_line
