// Rows of CSV as RFC 4180 describes them, and the columns of an export.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "cli/records/text_input.hpp"

namespace sg::cli {

// What the first row of an export begins with.
inline constexpr std::string_view kCsvBeginning = "sequence,time,kind,id,";

enum class RowRead : std::uint8_t {
  row,
  cut_off,  // the text ends within the row, or without the end of its line
  end,
};

// Reads the next row. Cells may be in quotes, and hold commas, line ends and doubled quotes then. A
// row ends with LF or CRLF. The error is a sentence.
[[nodiscard]] tl::expected<RowRead, std::string> read_row(TextInput& in,
                                                          std::vector<std::string>& cells);

// Appends the cell, in quotes where it needs them.
void append_cell(std::string_view text, std::string& out);

}  // namespace sg::cli
