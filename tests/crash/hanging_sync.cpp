// Loaded ahead of the C library: a sync that finds the file that HANG_FILE names does not return,
// as on a disk that has stopped answering.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>

extern "C" int fdatasync(int file) {
  static const auto real = reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, "fdatasync"));
  static const char* const sign = std::getenv("HANG_FILE");
  const bool hangs = sign != nullptr && access(sign, F_OK) == 0;
  while (hangs) pause();
  return real(file);
}
