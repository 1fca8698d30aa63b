#include "command_line/output.hpp"

#include <iostream>

namespace sg::command_line {

bool delivered(std::ostream& out) { return static_cast<bool>(out.flush()); }

int after_output(int exit_code, bool json) {
  if (delivered(std::cout)) return exit_code;
  std::cerr << (json ? R"({"error":")" : "error: ") << kOutputLostMessage
            << (json ? "\"}\n" : "\n");
  // A failure that came first is the better explanation.
  return exit_code == 0 ? kOutputLost : exit_code;
}

}  // namespace sg::command_line
