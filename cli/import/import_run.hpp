// Carries an import plan out: first the participants, then their accounts and the standalone ones.
//
// Safe to run again: what is already there is compared with the file and left alone. Balances are
// not compared, since postings may have changed them. A lost connection ends the run.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "cli/import/import_file.hpp"
#include "cli/output/errors.hpp"
#include "cli/session/connection.hpp"

namespace sg::cli {

struct ImportTally {
  std::size_t created = 0;
  std::size_t already_there = 0;
  std::size_t failed = 0;
  // Left out after the connection was lost.
  std::size_t not_tried = 0;
};

struct ImportFailure {
  // "account alice"
  std::string subject;
  Failure failure;
};

struct ImportReport {
  ImportTally participants;
  ImportTally accounts;
  // "participant seb: name is "SEB", the file says "Seb"", in the order of the file.
  std::vector<std::string> differences;
  std::vector<ImportFailure> failures;
  bool connection_lost = false;
};

// Called now and then from the calling thread with how many of how many items are done.
using ImportProgress = std::function<void(std::size_t done, std::size_t total)>;

// Needs a connection that is connected.
[[nodiscard]] ImportReport run_import(Connection& connection, const ImportPlan& plan,
                                      const ImportProgress& progress);

}  // namespace sg::cli
