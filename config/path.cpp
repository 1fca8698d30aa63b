#include "config/path.hpp"

#include <cstddef>

namespace sg::config {

bool expects_shell(std::string_view path) {
  if (path.starts_with('~')) return true;
  for (std::size_t at = path.find('$'); at != std::string_view::npos; at = path.find('$', at + 1)) {
    const char next = at + 1 < path.size() ? path[at + 1] : ' ';
    // Variables have names in capitals by convention. A name such as a$b may be that of a file.
    if (next == '{' || next == '_' || (next >= 'A' && next <= 'Z')) return true;
  }
  return false;
}

}  // namespace sg::config
