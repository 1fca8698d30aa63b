// What the reader of a stream can show: a terminal with a cursor and colours, or plain text only.
#pragma once

namespace sg::command_line {

// By default plain text only.
struct Terminal {
  // Understands the escape sequences that move the cursor and clear lines.
  bool moves_cursor = false;
  bool shows_colour = false;  // understands those for bold and colour, and the user wants them
};

// Returns what the reader of `descriptor` can show, judged by the descriptor and the environment.
//
// A file or a pipe shows plain text only. So does a terminal if TERM is unset, empty or "dumb".
// There is no colour if NO_COLOR is set and not empty (https://no-color.org).
[[nodiscard]] Terminal terminal_at(int descriptor);

}  // namespace sg::command_line
