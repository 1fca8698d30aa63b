// The three descriptors that a program is started with.
#pragma once

namespace sg::command_line {

// Opens those of stdin, stdout and stderr that are closed, before anything else is opened. The next
// socket or file would get their number, and what is printed or logged would go there. Reading
// finds the end. By default writing fails as on a full disk, so that lost output is noticed
// (output.hpp); a daemon, whose work is not its output, gives "/dev/null".
//
// The first thing in main().
void occupy_standard_descriptors(const char* output = "/dev/full");

}  // namespace sg::command_line
