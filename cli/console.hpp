// Where a command writes, and what it may assume about the reader.
#pragma once

#include <ostream>

namespace sg::cli {

struct Console {
  std::ostream& out;
  std::ostream& err;
  // Progress lines and colour go to terminals only.
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool colour_out = false;
  bool colour_err = false;
};

}  // namespace sg::cli
