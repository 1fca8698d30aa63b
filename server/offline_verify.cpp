#include "server/offline_verify.hpp"

#include <unistd.h>

#include <iostream>

namespace sg::actors {

bool verify_offline(const persistence::Store& store) {
  const bool terminal = isatty(STDERR_FILENO) != 0;
  const auto report = store.verify([terminal](const persistence::VerifyProgress& at) {
    if (!terminal) return true;  // true: go on
    std::cerr << '\r' << at.records << " of " << at.records_total << " records";
    if (at.entries > 0) {
      std::cerr << ", " << at.entries << " of " << at.entries_total << " index entries";
    }
    std::cerr << std::flush;
    return true;
  });
  if (terminal) std::cerr << '\r';
  if (!report) {
    std::cerr << "error: " << report.error().message << '\n';
    return false;
  }
  std::cout << report->blocks << " blocks, " << report->records << " records, " << report->accounts
            << " accounts\n";
  for (const auto& problem : report->problems) std::cout << "problem: " << problem << '\n';
  if (report->problems.empty()) {
    std::cout << "the chain is whole, and all that is derived from it fits\n";
  }
  return report->problems.empty();
}

}  // namespace sg::actors
