#include "cli/output/table.hpp"

#include <algorithm>
#include <cassert>
#include <string_view>
#include <utility>

#include "cli/output/text_width.hpp"

namespace sg::cli {
namespace {

constexpr std::string_view kGap = "  ";
// Escape sequences of terminals: bold on, and all attributes off.
constexpr std::string_view kBold = "\033[1m";
constexpr std::string_view kPlain = "\033[0m";

using Row = std::vector<std::string>;

// One line of the table. Cells are padded by hand: widths are columns of a terminal, and setw()
// would count bytes.
std::string line(const std::vector<Column>& columns, const std::vector<std::size_t>& widths,
                 const Row& cells) {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += kGap;
    const std::string padding(widths[i] - width(cells[i]), ' ');
    out += columns[i].align == Align::right ? padding + cells[i] : cells[i] + padding;
  }
  // A padded last cell, or an empty one, would leave spaces at the end.
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::add(std::vector<std::string> cells) {
  assert(cells.size() == columns_.size());
  // Escaped here and not in text(), because escapes change the width.
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text(bool colour) const {
  Row headers;
  for (const Column& column : columns_) headers.push_back(column.header);

  std::vector<std::size_t> widths;
  for (const std::string& header : headers) widths.push_back(width(header));
  for (const Row& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }

  std::string out = line(columns_, widths, headers);
  if (colour) out = std::string(kBold) + out + std::string(kPlain);
  out += '\n';
  for (const Row& row : rows_) out += line(columns_, widths, row) + '\n';
  return out;
}

void Fields::add(std::string name, std::string_view value) {
  fields_.emplace_back(std::move(name), printable(value));
}

std::string Fields::text(bool colour) const {
  std::size_t widest = 0;
  for (const auto& [name, value] : fields_) widest = std::max(widest, width(name));
  std::string out;
  for (const auto& [name, value] : fields_) {
    out += colour ? std::string(kBold) + name + std::string(kPlain) : name;
    // An empty value needs no padding, which would only be spaces at the end of the line.
    if (!value.empty()) out += std::string(widest - width(name), ' ') + std::string(kGap) + value;
    out += '\n';
  }
  return out;
}

}  // namespace sg::cli
