// Loaded ahead of the C library: while the file that HANG_FILE names exists, a sync does not
// return, as on a disk that has stopped answering.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>

extern "C" int fdatasync(int file) {
  static const auto real = reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, "fdatasync"));
  static const char* const sign = std::getenv("HANG_FILE");
  while (sign != nullptr && access(sign, F_OK) == 0) usleep(1000);
  return real(file);
}
