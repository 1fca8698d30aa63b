// Walks the chain block by block; every block it stands on has passed its checks.
#pragma once

#include <memory>

#include "persistence/chain/block_reader.hpp"
#include "persistence/medium/key_value.hpp"

namespace sg::persistence {

class BlockCursor {
 public:
  explicit BlockCursor(const KeyValue& rows) : cursor_(rows.cursor(Family::blocks)) {}

  // Each says whether there is such a block; a damaged one is an error that names it. Costs nothing
  // for the block that it stands on.
  StoreResult<bool> seek(Sequence holding);
  // The same for a block that has to be there: that it is missing is an error.
  StoreResult<void> require(Sequence holding);
  // The block that holds it, or the first after it.
  StoreResult<bool> seek_at_or_after(Sequence sequence);
  StoreResult<bool> seek_to_last();
  StoreResult<bool> next();
  StoreResult<bool> prev();
  const BlockView& block() const { return block_; }
  // After an error: whether there is a block, though damaged, and the walk can go on.
  bool is_on_block() const { return cursor_->valid(); }
  // Where the row begins by its key; needs is_on_block().
  Sequence key() const;

 private:
  StoreResult<bool> look();

  std::unique_ptr<Cursor> cursor_;
  BlockView block_;
  bool stands_ = false;  // on block_
};

// The chain's head as its last block tells it; an empty head when there is none.
StoreResult<ChainHead> read_head(const KeyValue& rows);
// As of this block, whose accounts have to be counted.
StoreResult<ChainHead> head_after(const BlockView& block);

tl::unexpected<StoreError> damaged(const BlockView& block, const std::string& what);

// The record with this sequence, which the block holds; `into` keeps its capacity.
StoreResult<void> read_record(const BlockView& block, Sequence sequence, DecodedRecord& into);

}  // namespace sg::persistence
