// Writes an export record by record. Pure: text is appended to a buffer of the caller.
//
//   auto writer = make_writer(RecordFormat::csv);
//   writer->begin({"9f86d081", 1}, out);
//   writer->add(record, out);
//   writer->end(1, out);
#pragma once

#include <memory>
#include <string>

#include "cli/records/record_reader.hpp"

namespace sg::cli {

class RecordWriter {
 public:
  virtual ~RecordWriter() = default;
  virtual void begin(const ExportHeader& header, std::string& out) const = 0;
  virtual void add(const Record& record, std::string& out) const = 0;
  // `last_sequence`: of the last record that was added.
  virtual void end(std::uint64_t last_sequence, std::string& out) const = 0;
};
std::unique_ptr<RecordWriter> make_writer(RecordFormat format);
std::unique_ptr<RecordWriter> make_json_writer();
std::unique_ptr<RecordWriter> make_csv_writer();

}  // namespace sg::cli
