// Finds sealed keys. A seal never expires, so it stands with the links and not in the key index. As
// no seal stands among the records whose links were not read yet, these need not be waited for.
#pragma once

#include <span>
#include <vector>

#include "persistence/index/found_key.hpp"
#include "persistence/index/record_index.hpp"

namespace sg::persistence {

// Adds to what was `found` of the transfers' keys those that a seal in the range has bound, in the
// order of the transfers. `range.limit` is not looked at.
StoreResult<std::vector<FoundKey>> add_seals(const KeyValue& rows, const RecordIndex& index,
                                             std::span<const ledger::Transfer* const> transfers,
                                             const MentionRange& range,
                                             std::vector<FoundKey> found);

// How many keys are sealed by records up to `durable`.
StoreResult<std::uint64_t> count_seals(const KeyValue& rows, const RecordIndex& index,
                                       Sequence durable);

}  // namespace sg::persistence
