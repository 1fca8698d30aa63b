// Looks up many references at once, as key_index.hpp does with keys: filters sort out most of those
// that nothing has, then the records of the others are read.
#pragma once

#include <span>
#include <vector>

#include "persistence/index/found_key.hpp"
#include "persistence/index/record_index.hpp"

namespace sg::persistence {

// `building` while records are left whose links were not read; nullopt: none are.
std::optional<StoreError> links_building(const RecordIndex& index);

// Those of the transfers whose references, which are not empty, a record in the range has; in the
// order of the transfers. `range.limit` is not looked at. One whose records cannot be read is
// listed with that error.
StoreResult<std::vector<FoundReference>> find_references(
    const KeyValue& rows, const RecordIndex& index,
    std::span<const ledger::Transfer* const> transfers, const MentionRange& range);

}  // namespace sg::persistence
