#include "cli/records/csv_rows.hpp"

namespace sg::cli {
namespace {

constexpr std::size_t kMostCells = 64;

// What follows a cell.
enum class After : std::uint8_t { comma, line_end, text_end };

class Row {
 public:
  explicit Row(TextInput& in) : in_(in) {}

  // The error is a sentence.
  tl::expected<After, std::string> cell(std::string& into) {
    if (in_.peek() == '"') return quoted(into);
    for (;;) {
      const int byte = in_.get();
      if (byte == TextInput::kEnd) return After::text_end;
      if (byte == ',') return After::comma;
      if (byte == '\n') return After::line_end;
      if (byte == '\r') {
        if (in_.peek() == '\n' || in_.peek() == TextInput::kEnd) continue;
        return tl::unexpected(std::string("a carriage return has to stand in quotes"));
      }
      if (byte == '"') {
        return tl::unexpected(std::string(
            "a quote stands in the middle of a cell: the cell has to be in quotes, and the quote "
            "doubled"));
      }
      if (!add(byte, into)) return too_long();
    }
  }

 private:
  tl::expected<After, std::string> quoted(std::string& into) {
    in_.get();
    for (;;) {
      const int byte = in_.get();
      if (byte == TextInput::kEnd) return After::text_end;
      if (byte != '"') {
        if (!add(byte, into)) return too_long();
        continue;
      }
      if (in_.peek() != '"') break;
      in_.get();
      if (!add('"', into)) return too_long();
    }
    int byte = in_.get();
    if (byte == '\r') byte = in_.get();
    if (byte == TextInput::kEnd) return After::text_end;
    if (byte == ',') return After::comma;
    if (byte == '\n') return After::line_end;
    return tl::unexpected(
        std::string("after a cell in quotes comes a comma or the end of the row"));
  }

  bool add(int byte, std::string& into) {
    into.push_back(static_cast<char>(byte));
    return ++bytes_ <= kMostLineBytes;
  }
  static tl::unexpected<std::string> too_long() {
    return tl::unexpected(
        std::string("the row is over 8 MiB long, which no record is: is a quote not closed?"));
  }

  TextInput& in_;
  std::size_t bytes_ = 0;
};

}  // namespace

tl::expected<RowRead, std::string> read_row(TextInput& in, std::vector<std::string>& cells) {
  cells.clear();
  if (in.peek() == TextInput::kEnd) return RowRead::end;
  Row row(in);
  for (;;) {
    if (cells.size() == kMostCells) {
      return tl::unexpected(std::string("the row has over 64 cells"));
    }
    const auto after = row.cell(cells.emplace_back());
    if (!after) return tl::unexpected(after.error());
    if (*after == After::line_end) return RowRead::row;
    if (*after == After::text_end) return RowRead::cut_off;
  }
}

void append_cell(std::string_view text, std::string& out) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += c;
    out += c;
  }
  out += '"';
}

}  // namespace sg::cli
