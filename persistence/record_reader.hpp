// All records of the chain by sequence, portion by portion: what an export sends.
#pragma once

#include "persistence/chain/block_cursor.hpp"
#include "persistence/rows/account_ids.hpp"
#include "persistence/store.hpp"

namespace sg::persistence {

// The records of the range, as far as they are durable, in portions of about `range.max_bytes`. The
// portion ends with the first record that passes this bound, so that it has one at least. Errors:
// those of the database, and `corrupt` for a block or a row that is wrong.
StoreResult<RecordPortion> read_records(const KeyValue& rows, AccountIdCache& ids, Sequence durable,
                                        const RecordRange& range);

// The hash of the first block. Nullopt: the chain is empty.
StoreResult<std::optional<BlockHash>> read_first_hash(const KeyValue& rows, Sequence durable);

}  // namespace sg::persistence
