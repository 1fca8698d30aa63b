// Paths that a person wrote in a file or on a command line.
#pragma once

#include <string_view>

namespace sg::config {

// True if the writer of `path` expected a shell to expand it. Such a path begins with ~ or holds a
// variable such as $HOME or ${HOME}. Taken literally, it would create a folder named `~`.
[[nodiscard]] bool expects_shell(std::string_view path);

}  // namespace sg::config
