// Where a command writes, and what it may assume about the reader.
#pragma once

#include <ostream>

namespace sg::cli {

struct Console {
  std::ostream& out;
  std::ostream& err;
  // Progress lines, and a tree that is drawn again, go to terminals that move their cursor.
  bool cursor_out = false;
  bool cursor_err = false;
  bool colour_out = false;
  bool colour_err = false;
};

}  // namespace sg::cli
