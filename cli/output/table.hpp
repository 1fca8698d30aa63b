// Aligned text tables, pure: values in, text out.
//
//   Table table({{"ACCOUNT", Align::left}, {"BALANCE", Align::right}});
//   table.add({"alice", "1000"});
//   out << table.text(/*colour=*/false);
#pragma once

#include <string>
#include <vector>

namespace sg::cli {

enum class Align { left, right };

struct Column {
  std::string header;
  Align align = Align::left;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns);

  // Takes one cell per column; control characters in them are escaped.
  void add(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::size_t rows() const { return rows_.size(); }

  // The header line and one line per row, columns two spaces apart, no space at the end of a line.
  [[nodiscard]] std::string text(bool colour) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// "name   value" lines for a single object, names in bold if `colour`.
class Fields {
 public:
  void add(std::string name, std::string_view value);
  [[nodiscard]] std::string text(bool colour) const;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace sg::cli
