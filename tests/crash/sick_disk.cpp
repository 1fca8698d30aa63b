// Loaded ahead of the C library: a sync that finds the file that HANG_FILE names does not return,
// as on a disk that has stopped answering; one that finds the file that FAIL_FILE names fails.
#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace {

bool is_there(const char* sign) { return sign != nullptr && access(sign, F_OK) == 0; }

}  // namespace

extern "C" int fdatasync(int file) {
  static const auto real = reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, "fdatasync"));
  const bool hangs = is_there(std::getenv("HANG_FILE"));
  while (hangs) pause();
  if (is_there(std::getenv("FAIL_FILE"))) {
    errno = EIO;
    return -1;
  }
  return real(file);
}
