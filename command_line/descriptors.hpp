// The three descriptors that a program is started with.
#pragma once

namespace sg::command_line {

// Opens those of stdin, stdout and stderr that are closed, before anything else is opened. The next
// socket would get their number, and the program's output would go to the server. Reading finds the
// end, and writing fails as on a full disk, so that lost output is noticed (output.hpp).
void occupy_standard_descriptors();

}  // namespace sg::command_line
