// Books the records of an export in the ledger.
#pragma once

#include <istream>
#include <optional>
#include <string>

#include "cli/records/record_reader.hpp"
#include "cli/session/session.hpp"

namespace sg::cli {

// The format of the export at `path` that begins with these bytes, or nullopt: it is none. By these
// bytes, or else by a name that ends with .jsonl or .csv, so that a wrong first line is told as
// such.
[[nodiscard]] std::optional<RecordFormat> export_format_of(const std::string& path,
                                                           const std::string& beginning);

// Reads the records from `in` and books those that are not there yet. A file is first read to its
// end, and nothing is booked if anything is wrong with it; `in` can be read once only if `is_pipe`.
//
// Nothing is booked in a ledger where an account of the file is in use for something else, where
// the file has come from, or where what comes before it is missing. Of a pipe, this and what is
// wrong is found as it comes: the windows before it are booked.
//
// Safe to run again, also after a kill: what an earlier run has booked is known by its keys and its
// content. Prints the tallies. Exit codes: 0 all of it is there; 1 something was refused or stands
// in the way; 2 the file is wrong; 3 the connection was lost. After 1 and 3 everything before the
// place that the message names was booked, and nothing of a later window.
[[nodiscard]] ExitCode import_records(Session& session, const std::string& path, std::istream& in,
                                      RecordFormat format, bool is_pipe);

}  // namespace sg::cli
