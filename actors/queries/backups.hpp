// Backups of this node: writes one, tells of those that are there, verifies one. Each call works on
// a thread of its own, since the disk of backups may be slow. That thread gives way to all others:
// while the processors are busy it gets what is left of them.
//
// Errors: BACKUP_OFF, BACKUP_NAME_INVALID, BACKUP_NOT_FOUND, BACKUP_RUNNING, STORAGE_FULL, and
// BACKUP_REFUSED for all else. A backup that was there is never harmed by one that fails.
#pragma once

#include <caf/event_based_actor.hpp>

#include "actors/query.hpp"
#include "actors/runtime.hpp"

namespace sg::actors {

// Answers the query later, from another thread. Needs: its `ask` is a BackupAsk. Once it is
// cancelled the work ends with the portion at hand.
void work_on_backups(caf::event_based_actor* self, const RuntimePtr& runtime,
                     const QueryPtr& query);

}  // namespace sg::actors
