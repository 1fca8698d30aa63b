// Carries out an import plan: first the participants, then their accounts and the standalone ones.
//
// Safe to run again. What exists already is compared with the file and left alone. Balances are not
// compared, since postings may have changed them.
//
// A lost connection ends the run. What was not tried until then is counted as such.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "cli/import/import_file.hpp"
#include "cli/output/errors.hpp"
#include "cli/session/connection.hpp"

namespace sg::cli {

// How many items of one kind ended in which way.
struct ImportTally {
  std::size_t created = 0;
  std::size_t already_there = 0;  // existed before; may differ from the file
  std::size_t failed = 0;         // refused, or without an answer
  // Left out because the connection was lost before.
  std::size_t not_tried = 0;
};

// One item that failed.
struct ImportFailure {
  // What failed: "account alice".
  std::string subject;
  Failure failure;
};

// The result of a run.
struct ImportReport {
  ImportTally participants;
  ImportTally accounts;
  // How existing items differ from the file, in its order: `participant seb: name is SEB, the file
  // says Seb`.
  std::vector<std::string> differences;
  // In the order of the file.
  std::vector<ImportFailure> failures;
  // The run ended early.
  bool connection_lost = false;
};

// Progress: `done` of `total` items. Called from the thread that called run_import().
using ImportProgress = std::function<void(std::size_t done, std::size_t total)>;

// Creates what the plan says, with several calls at a time, and returns when all is done. Failures
// do not end the run, except for a lost connection. Needs: connect() has succeeded.
[[nodiscard]] ImportReport run_import(Connection& connection, const ImportPlan& plan,
                                      const ImportProgress& progress);

}  // namespace sg::cli
