// Writes the ledger's records to a file or to stdout.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/records/record_reader.hpp"
#include "cli/session/session.hpp"

namespace sg::cli {

struct ExportOptions {
  std::string path = "-";              // "-": stdout
  std::optional<RecordFormat> format;  // nothing: by the file's name, or as it was begun
  bool resume = false;                 // go on after the last whole record of the file
  std::uint64_t from_sequence = 0;     // 0: the first
  // 0: the last that is durable now. What was committed as one is not divided: the export ends with
  // the unit that this sequence belongs to.
  std::uint64_t until_sequence = 0;
};

// Prints what was written, unless it went to stdout. Exit codes: 0 done; 1 refused by the ledger; 2
// the file or the range cannot be used, and the file is as it was; 3 the connection was lost; 5 the
// file could not be written. After 1, 3 and 5 it ends with a whole record, and can be resumed.
[[nodiscard]] ExitCode export_records(Session& session, const ExportOptions& options);

}  // namespace sg::cli
