// Paths that a person wrote.
#pragma once

#include <string_view>

namespace sg::config {

// True for a path that only a shell would read as it was meant: it begins with ~, or holds a
// variable such as $HOME or ${HOME}. Taken literally, it would make a folder named `~`.
[[nodiscard]] bool expects_shell(std::string_view path);

}  // namespace sg::config
