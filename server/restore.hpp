// scalegraphd --restore-from: makes the store of a backup. No server runs meanwhile.
#pragma once

#include <string>

#include "config/settings.hpp"
#include "persistence/backup/restore.hpp"
#include "persistence/medium/store_options.hpp"

namespace sg::server {

struct RestoreAsk {
  std::string from;  // the folder of the backup; empty: nothing is restored
  persistence::RestoreUntil until;

  bool is_asked() const { return !from.empty(); }
};

// Restores into storage.path and verifies what is there. Prints what came of it on standard output,
// errors on standard error, and progress there too. True if the store is whole and in its place.
bool restore_store(const config::Settings& settings, const persistence::StoreOptions& options,
                   const RestoreAsk& ask);

}  // namespace sg::server
