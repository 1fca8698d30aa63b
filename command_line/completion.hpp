// Completion of a program's commands, options and files in bash, zsh and fish, made from what
// --help knows. Each script is complete in itself: it does not start the program.
#pragma once

#include <string>

#include "command_line/program_tree.hpp"

namespace sg::command_line {

// To be named "scalegraphctl" in a folder of bash-completion.
[[nodiscard]] std::string bash_completion(const CommandFacts& program);
// To be named "_scalegraphctl" in a folder of zsh's fpath.
[[nodiscard]] std::string zsh_completion(const CommandFacts& program);
// To be named "scalegraphctl.fish" in a folder of fish's completions.
[[nodiscard]] std::string fish_completion(const CommandFacts& program);

}  // namespace sg::command_line
