// Finds reversals, and what is left of a transaction to be taken back. As no reversal stands among
// the records whose links were not read yet, these need not be waited for.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ledger/reversal.hpp"
#include "persistence/index/found_key.hpp"
#include "persistence/index/record_index.hpp"
#include "persistence/rows/account_ids.hpp"

namespace sg::persistence {

// The reversals of that transaction in the range, newest first, at most `range.limit`.
StoreResult<std::vector<ledger::TransactionPlace>> find_reversals(const KeyValue& rows,
                                                                  const RecordIndex& index,
                                                                  Sequence original,
                                                                  const MentionRange& range);

// Of the transfers, which are reversals, those whose originals were taken back, in full or in part,
// by a record in the range; in the order of the transfers.
StoreResult<std::vector<FoundReference>> find_reversed(
    const KeyValue& rows, const RecordIndex& index,
    std::span<const ledger::Transfer* const> transfers, const MentionRange& range);

// What the place names, with what all reversals up to `durable` have left of it. Nullopt: no record
// up to there is at that place. One reversal is read at the most, the newest.
StoreResult<std::optional<ledger::Original>> read_original(const KeyValue& rows,
                                                           const RecordIndex& index,
                                                           AccountIdCache& ids,
                                                           const ledger::TransactionPlace& place,
                                                           Sequence durable);

}  // namespace sg::persistence
