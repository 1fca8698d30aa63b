// What the reader of a stream can show.
#pragma once

namespace sg::command_line {

struct Terminal {
  // Moves the cursor and clears lines when told to.
  bool moves_cursor = false;
  bool shows_colour = false;
};

// Neither for a file or a pipe, nor for a terminal that TERM does not name or calls dumb. No colour
// if NO_COLOR is set and not empty (https://no-color.org).
[[nodiscard]] Terminal terminal_at(int descriptor);

}  // namespace sg::command_line
