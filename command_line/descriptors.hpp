// The three descriptors that a program is started with.
#pragma once

namespace sg::command_line {

// Opens those of stdin, stdout and stderr that are closed: stdin on /dev/null, the others on
// `output`. Otherwise the next socket or file gets their number, and what is printed or logged goes
// there. With /dev/full writing fails, so that lost output is noticed (output.hpp). A daemon, whose
// work is not its output, uses /dev/null.
//
// Calls the kernel directly: libraries may not have been set up yet.
void occupy_standard_descriptors(const char* output);

}  // namespace sg::command_line

// Once in the file of main(). A library opens an eventfd in a constructor, ahead of main(). What
// stands in this section is called ahead of all constructors.
#define SCALEGRAPH_OCCUPY_STANDARD_DESCRIPTORS(output)                                        \
  static void occupy_descriptors() { sg::command_line::occupy_standard_descriptors(output); } \
  [[gnu::section(".preinit_array"), gnu::used]] static void (*const kOccupyFirst)() =         \
      occupy_descriptors
