#include "persistence/chain/block_cursor.hpp"

namespace sg::persistence {

tl::unexpected<StoreError> damaged(const BlockView& block, const std::string& what) {
  return store_error(StoreFault::corrupt,
                     name_of_block(block.first(), block.count()) + " is damaged: " + what);
}

StoreResult<void> read_record(const BlockView& block, Sequence sequence, DecodedRecord& into) {
  if (block.read_record(static_cast<std::uint32_t>(sequence - block.first()), into)) return {};
  return damaged(block, "record " + std::to_string(sequence) + " does not decode");
}

StoreResult<bool> BlockCursor::look() {
  stands_ = false;
  if (!cursor_->valid()) {
    if (auto status = cursor_->status(); !status) return tl::unexpected(status.error());
    return false;
  }
  const auto key = cursor_->key();
  if (key.size() != sizeof(Sequence)) {
    return store_error(StoreFault::corrupt, "a block's key has a wrong size");
  }
  const Sequence first = get_be64(key.data());
  auto parsed = BlockView::parse(cursor_->value());
  if (parsed && parsed->first() != first) {
    parsed = tl::unexpected("it says that it begins at " + std::to_string(parsed->first()));
  }
  if (!parsed) {
    return store_error(StoreFault::corrupt, "block " + std::to_string(first) + " (sequences from " +
                                                std::to_string(first) +
                                                ") is damaged: " + parsed.error());
  }
  block_ = *parsed;
  stands_ = true;
  return true;
}

StoreResult<bool> BlockCursor::seek(Sequence holding) {
  if (stands_ && block_.holds(holding)) return true;
  cursor_->seek_for_prev(be64(holding));
  const auto found = look();
  if (!found || !*found) return found;
  return block_.holds(holding);
}

StoreResult<void> BlockCursor::require(Sequence holding) {
  const auto found = seek(holding);
  if (!found) return tl::unexpected(found.error());
  if (*found) return {};
  return store_error(StoreFault::corrupt,
                     "the block with sequence " + std::to_string(holding) + " is missing");
}

StoreResult<bool> BlockCursor::seek_at_or_after(Sequence sequence) {
  cursor_->seek_for_prev(be64(sequence));
  auto found = look();
  if (!found || (*found && block_.last() >= sequence)) return found;
  cursor_->seek(be64(sequence));
  return look();
}

Sequence BlockCursor::key() const {
  const auto key = cursor_->key();
  return key.size() == sizeof(Sequence) ? get_be64(key.data()) : 0;
}

StoreResult<bool> BlockCursor::seek_to_last() {
  cursor_->seek_to_last();
  return look();
}

StoreResult<bool> BlockCursor::next() {
  cursor_->next();
  return look();
}

StoreResult<bool> BlockCursor::prev() {
  cursor_->prev();
  return look();
}

StoreResult<ChainHead> head_after(const BlockView& block) {
  const BlockStamp& stamp = block.stamp();
  ChainHead head;
  head.sequence = block.last();
  head.time = stamp.time;
  head.hash = block.hash();
  head.totals = stamp.totals;
  head.accounts = stamp.accounts_before;
  head.run_ms = stamp.run_ms;
  DecodedRecord record;
  for (std::uint32_t i = 0; i < block.count(); ++i) {
    if (auto read = read_record(block, block.first() + i, record); !read) {
      return tl::unexpected(read.error());
    }
    if (record.kind == RecordKind::account) ++head.accounts;
  }
  return head;
}

StoreResult<ChainHead> read_head(const KeyValue& rows) {
  BlockCursor cursor(rows);
  const auto found = cursor.seek_to_last();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return ChainHead{};
  return head_after(cursor.block());
}

}  // namespace sg::persistence
