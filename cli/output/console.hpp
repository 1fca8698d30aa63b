// The streams that a command writes to, and what may be assumed about their readers.
#pragma once

#include <ostream>

namespace sg::cli {

// By default the readers are files or pipes: plain text only.
struct Console {
  std::ostream& out;  // results
  std::ostream& err;  // failures and progress
  // Whether the reader is a terminal that moves its cursor. Only there may a progress line or a
  // tree be drawn over the one before.
  bool cursor_out = false;
  bool cursor_err = false;
  // Whether the reader wants bold and colours.
  bool colour_out = false;
  bool colour_err = false;
};

}  // namespace sg::cli
