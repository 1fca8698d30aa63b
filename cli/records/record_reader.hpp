// Reads an export record by record, in bounded memory.
//
//   RecordReader reader(file, *format_of(file));
//   auto header = reader.header();
//   while (auto record = reader.next()) { if (!*record) break; ... }
//   if (!reader.is_complete()) ...                    // the export was interrupted
//
// Every fault is told with its line. docs/command-line.md describes both formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "cli/records/record_fields.hpp"
#include "cli/records/text_input.hpp"

namespace sg::cli {

enum class RecordFormat : std::uint8_t { json_lines, csv };

// What is wrong with a file, and where. Lines count from 1.
struct RecordError {
  std::size_t line = 0;
  std::string message;
};

// The format of an export that begins with this text, or nullopt: it is none.
[[nodiscard]] std::optional<RecordFormat> format_of(std::string_view beginning);
// So many bytes are enough for format_of().
inline constexpr std::size_t kBeginningBytes = 64;

// The lines of a file, each as the fields that stand on it. One for each format.
class FieldSource {
 public:
  // `cut_off`: the file ends within a line, or within the rows of one record.
  enum class Got : std::uint8_t { fields, cut_off, end };

  virtual ~FieldSource() = default;
  virtual tl::expected<Got, RecordError> read(TextInput& in, RecordFields& into) = 0;
};
std::unique_ptr<FieldSource> make_json_source();
std::unique_ptr<FieldSource> make_csv_source();

// Not thread-safe. Needs: the stream outlives it, and stands at the file's beginning.
class RecordReader {
 public:
  RecordReader(std::istream& file, RecordFormat format);

  // The first line. Called once, before next(). An empty optional: the file ends within it.
  [[nodiscard]] tl::expected<std::optional<ExportHeader>, RecordError> header();
  // The next record; records come by sequence, without a gap. A unit of more than 10,000 records,
  // or of more than 1 GiB, is refused: no ledger takes one. An empty optional: there is no more.
  [[nodiscard]] tl::expected<std::optional<Record>, RecordError> next();
  // With an empty optional: the last line says that nothing is missing. Otherwise the export was
  // interrupted, and goes on at whole_bytes().
  bool is_complete() const { return is_complete_; }
  // How many bytes the header and the records take that were read so far. A last line without a
  // line end is not counted.
  std::uint64_t whole_bytes() const { return whole_bytes_; }
  // Of the record that next() returned last, or of the line that it stopped at.
  std::size_t line() const { return line_; }
  std::uint64_t offset() const { return in_.offset(); }
  // Of the last record; from_sequence - 1 before the first.
  std::uint64_t last_sequence() const { return last_sequence_; }

 private:
  tl::unexpected<RecordError> refuse(std::string message) const {
    return tl::unexpected(RecordError{line_, std::move(message)});
  }
  tl::expected<FieldSource::Got, RecordError> read();
  tl::expected<std::optional<Record>, RecordError> finish();
  // Why a unit cannot go on with this record. Nullptr: it can, or the unit ends.
  const char* add_to_unit(const Record& record, std::uint64_t begin);
  void note_whole();

  TextInput in_;
  std::unique_ptr<FieldSource> source_;
  RecordFields fields_;  // keeps its memory from line to line
  std::size_t line_ = 1;
  std::uint64_t whole_bytes_ = 0;
  std::uint64_t last_sequence_ = 0;
  std::size_t unit_records_ = 0;  // of a unit that goes on with the next record
  std::uint64_t unit_begin_ = 0;  // its offset
  bool has_ledger_ = false;       // one without a record has no name yet
  bool is_complete_ = false;
};

}  // namespace sg::cli
