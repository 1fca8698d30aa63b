#include "command_line/descriptors.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <initializer_list>

namespace sg::command_line {

void occupy_standard_descriptors(const char* output) {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::syscall(SYS_fcntl, descriptor, F_GETFD) >= 0) continue;
    // The lowest free number is this one, since those below it are open.
    if (descriptor == STDIN_FILENO) {
      ::syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY);
    } else {
      ::syscall(SYS_openat, AT_FDCWD, output, O_WRONLY);
    }
  }
}

}  // namespace sg::command_line
