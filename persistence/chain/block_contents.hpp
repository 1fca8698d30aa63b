// What a block means for derived data: the pair of Group, which writes it.
#pragma once

#include "persistence/chain/block_reader.hpp"
#include "persistence/chain/group_contents.hpp"
#include "persistence/medium/store_error.hpp"

namespace sg::persistence {

// What the record takes back; 0: it is no reversal, or its extension is not well formed.
Sequence original_of(const DecodedRecord& record);

// Adds what the record mentions; nothing with a creation.
void add_mentions(const DecodedRecord& record, Mentions& into);

// Adds the block's mentions, keys, accounts and participants to `into`, whose head becomes the
// chain's after the block, and what it moves to `postings`. Nothing is written into into.writer.
StoreResult<void> add_block(const BlockView& block, GroupContents& into,
                            std::vector<Posting>& postings);

}  // namespace sg::persistence
