// Finds reversals, and what is left of a transaction to be taken back. As no reversal stands among
// the records whose links were not read yet, these need not be waited for.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ledger/reversal.hpp"
#include "persistence/chain/block_cursor.hpp"
#include "persistence/index/found_key.hpp"
#include "persistence/index/record_index.hpp"
#include "persistence/rows/account_ids.hpp"
#include "persistence/rows/catalog.hpp"

namespace sg::persistence {

// The reversals of that transaction in the range, newest first, at most `range.limit`. `blocks`
// reads them; one that stays costs less than a new one.
StoreResult<std::vector<ledger::TransactionPlace>> find_reversals(const KeyValue& rows,
                                                                  const RecordIndex& index,
                                                                  BlockCursor& blocks,
                                                                  Sequence original,
                                                                  const MentionRange& range);

// Of the transfers, which are reversals, those whose originals were taken back, in full or in part,
// by a record in the range; in the order of the transfers.
StoreResult<std::vector<FoundReference>> find_reversed(
    const KeyValue& rows, const RecordIndex& index,
    std::span<const ledger::Transfer* const> transfers, const MentionRange& range);

// Reads what is left of transactions that are to be taken back, with all reversals up to `durable`.
// Of each one reversal is read at the most, the newest. Not thread-safe; make one for each call.
class OriginalReader {
 public:
  // At most `most` amounts are read; later originals are left unread.
  OriginalReader(const KeyValue& rows, const RecordIndex& index, AccountIdCache& ids,
                 Sequence durable, std::size_t most)
      : rows_(rows),
        index_(index),
        ids_(ids),
        catalog_(rows, durable),
        durable_(durable),
        left_(most),
        blocks_(rows),
        of_reversals_(rows) {}
  // Nullopt: no record is at that place.
  StoreResult<std::optional<ledger::Original>> read(const ledger::TransactionPlace& place);

 private:
  const KeyValue& rows_;
  const RecordIndex& index_;
  AccountIdCache& ids_;
  const Catalog catalog_;
  const Sequence durable_;
  std::size_t left_;  // amounts
  BlockCursor blocks_;
  BlockCursor of_reversals_;
  DecodedRecord record_;
};

}  // namespace sg::persistence
