// Aligned text tables. Pure: values in, text out.
//
//   Table table({{"ACCOUNT", Align::left}, {"BALANCE", Align::right}});
//   table.add({"alice", "1000"});
//   out << table.text(/*colour=*/false);
//
// prints
//
//   ACCOUNT  BALANCE
//   alice       1000
#pragma once

#include <string>
#include <vector>

namespace sg::cli {

enum class Align { left, right };

struct Column {
  std::string header;
  Align align = Align::left;
};

// A table under construction. Keeps all rows in memory, since each may widen a column.
class Table {
 public:
  explicit Table(std::vector<Column> columns);

  // Adds a row. Needs one cell for each column. Control characters in the cells are escaped.
  void add(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }

  // The header line, then one line for each row. Columns are two spaces apart, and no line ends
  // with a space. The header is bold if `colour`.
  [[nodiscard]] std::string text(bool colour) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// "name   value" lines for a single object, with the values below each other.
class Fields {
 public:
  // Adds a line. Control characters in the value are escaped.
  void add(std::string name, std::string_view value);
  // All lines in the order in which they were added. Names are bold if `colour`.
  [[nodiscard]] std::string text(bool colour) const;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace sg::cli
