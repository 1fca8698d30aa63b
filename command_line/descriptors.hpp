// Makes sure that the three standard descriptors of a program are open: stdin, stdout and stderr.
//
//   SCALEGRAPH_OCCUPY_STANDARD_DESCRIPTORS("/dev/full");  // in the file of main()
//
// A parent process may start a program with one of them closed. The kernel gives the lowest free
// number to the next socket or file. What the program prints or logs would then go to that socket
// or file.
#pragma once

namespace sg::command_line {

// Opens each of stdin, stdout and stderr that is closed: stdin on /dev/null, the others on
// `output`. Descriptors that are open stay as they are.
//
// `output` decides what happens to text that nobody can read:
// - With /dev/full every write fails, so the program notices that its output is lost (output.hpp).
// - With /dev/null the text vanishes. A daemon uses this, because its work is not its output.
//
// Calls the kernel directly, because libraries may not have been set up yet. Errors are ignored:
// the descriptor then stays closed.
void occupy_standard_descriptors(const char* output);

}  // namespace sg::command_line

// Calls occupy_standard_descriptors(output) before any constructor of the process. Use it once, in
// the file of main(). It cannot wait for main(): a library opens an eventfd in a constructor, and
// that eventfd would get the free number. Functions in the section .preinit_array run before all
// constructors.
#define SCALEGRAPH_OCCUPY_STANDARD_DESCRIPTORS(output)                                        \
  static void occupy_descriptors() { sg::command_line::occupy_standard_descriptors(output); } \
  [[gnu::section(".preinit_array"), gnu::used]] static void (*const kOccupyFirst)() =         \
      occupy_descriptors
