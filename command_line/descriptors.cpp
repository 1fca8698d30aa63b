#include "command_line/descriptors.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <initializer_list>

namespace sg::command_line {

void occupy_standard_descriptors(const char* output) {
  // In ascending order, because of what openat() does below.
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::syscall(SYS_fcntl, descriptor, F_GETFD) >= 0) continue;
    // openat() returns the lowest free number. That is this descriptor, since all below it are
    // open.
    if (descriptor == STDIN_FILENO) {
      ::syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY);
    } else {
      ::syscall(SYS_openat, AT_FDCWD, output, O_WRONLY);
    }
  }
}

}  // namespace sg::command_line
