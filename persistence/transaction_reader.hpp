// Transactions as readers get them: decoded from their blocks, with account ids for numbers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "persistence/chain/block_cursor.hpp"
#include "persistence/index/record_index.hpp"
#include "persistence/rows/account_ids.hpp"
#include "persistence/rows/catalog.hpp"
#include "persistence/store.hpp"

namespace sg::persistence {

// Made for one call: stays on the block that it read last.
class TransactionReader {
 public:
  TransactionReader(const KeyValue& rows, AccountIdCache& ids, Sequence durable)
      : rows_(rows), ids_(ids), catalog_(rows, durable), blocks_(rows), durable_(durable) {}

  // Nothing for a creation, or past the durable end.
  StoreResult<std::optional<StoredTransaction>> read(Sequence sequence);
  StoreResult<std::vector<StoredTransaction>> list(const RecordIndex& index,
                                                   const TransactionRange& range,
                                                   const Enough<StoredTransaction>& enough);

 private:
  StoreResult<StoredTransaction> to_stored(const DecodedRecord& record, TimeMs time);
  StoreResult<std::vector<StoredTransaction>> list_all(const TransactionRange& range,
                                                       const Enough<StoredTransaction>& enough);

  const KeyValue& rows_;
  AccountIdCache& ids_;
  const Catalog catalog_;
  BlockCursor blocks_;
  const Sequence durable_;
  DecodedRecord record_;
};

// The first sequence up to `durable` whose block time is at or after `time`, durable + 1 if none.
StoreResult<Sequence> first_at_or_after(const KeyValue& rows, Sequence durable, TimeMs time);

}  // namespace sg::persistence
