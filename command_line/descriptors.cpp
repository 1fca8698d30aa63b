#include "command_line/descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <initializer_list>

namespace sg::command_line {

void occupy_standard_descriptors(const char* output) {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) >= 0) continue;
    // The lowest free number is this one, since those below it are open.
    if (descriptor == STDIN_FILENO) {
      open("/dev/null", O_RDONLY);
    } else {
      open(output, O_WRONLY);
    }
  }
}

}  // namespace sg::command_line
