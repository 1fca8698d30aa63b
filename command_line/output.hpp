// Whether what a program printed reached its destination. A full disk, or a descriptor that is
// closed, must not look like success.
#pragma once

#include <ostream>

namespace sg::command_line {

// The exit code of a program that did what it was asked for, but could not print the answer. It
// differs from a refusal on purpose: a posting may have been made.
inline constexpr int kOutputLost = 5;

inline constexpr const char* kOutputLostMessage =
    "the output could not be written in full; what was asked for may be done all the same";

// Flushes the stream. False if this or an earlier write to it failed.
[[nodiscard]] bool delivered(std::ostream& out);

// For programs that print to std::cout: `exit_code`, or, if that is 0 and the output was lost,
// kOutputLost. Says on std::cerr that the output was lost, as {"error": "..."} if `json`.
[[nodiscard]] int after_output(int exit_code, bool json = false);

}  // namespace sg::command_line
