#include "actors/offline_verify.hpp"

#include <unistd.h>

#include <iostream>

namespace sg::actors {

bool verify_offline(const persistence::Store& store) {
  const bool terminal = isatty(STDERR_FILENO) != 0;
  const auto report = store.verify([terminal](const persistence::VerifyProgress& at) {
    if (terminal) {
      std::cerr << "\r" << at.records << " of " << at.records_total << " records" << std::flush;
    }
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
  if (report->problems.empty()) std::cout << "the chain is whole\n";
  return report->problems.empty();
}

}  // namespace sg::actors
