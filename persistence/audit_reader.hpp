// Who had what committed: the origins that the chain keeps (chain/extension.hpp), oldest first.
#pragma once

#include <string>
#include <vector>

#include "ledger/origin.hpp"
#include "persistence/chain/block_cursor.hpp"
#include "persistence/store.hpp"

namespace sg::persistence {

// Walks the records of the range that have an origin. Stops at `range.limit` records, or when it
// has looked at kMostRecordsOfPage; `next` says where to go on. Errors: those of the database, and
// `corrupt` for a block that is wrong.
StoreResult<AuditPage> read_audit(const KeyValue& rows, Sequence durable, const AuditRange& range);

}  // namespace sg::persistence
