// Whether what a program printed reached its destination. A full disk or a closed descriptor must
// not look like success.
#pragma once

#include <ostream>

namespace sg::command_line {

// Exit code of a program that did its work but could not print the answer. It differs from the code
// of a refusal on purpose: a posting may have been made.
inline constexpr int kOutputLost = 5;

// What the programs say on stderr with this exit code.
inline constexpr const char* kOutputLostMessage =
    "the output could not be written in full; what was asked for may be done all the same";

// Flushes the stream. Returns false if this flush or an earlier write to the stream failed.
[[nodiscard]] bool delivered(std::ostream& out);

// The exit code of a program that has printed to std::cout. Call it last.
//
// Returns `exit_code` if the output arrived. If it was lost, prints kOutputLostMessage on
// std::cerr, as {"error": "..."} if `json`, and returns kOutputLost in place of 0. Another
// `exit_code` is kept, because it says more.
[[nodiscard]] int after_output(int exit_code, bool json = false);

}  // namespace sg::command_line
