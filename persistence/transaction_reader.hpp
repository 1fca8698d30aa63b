// Reads transactions from their blocks, and replaces account numbers by account ids.
//
//   TransactionReader reader(rows, ids, durable);
//   auto one = reader.read(sequence);
//   auto page = reader.list(index, {.account = 17, .limit = 50}, {});
//
// Errors: those of the database, and `corrupt` for a block, a row or an index entry that is wrong.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "persistence/chain/block_cursor.hpp"
#include "persistence/index/record_index.hpp"
#include "persistence/rows/account_ids.hpp"
#include "persistence/rows/catalog.hpp"
#include "persistence/store.hpp"

namespace sg::persistence {

// Not thread-safe; make one for each call. It stays on the block that it read last, so neighbouring
// sequences cost little.
class TransactionReader {
 public:
  // `durable`: later records are not shown.
  TransactionReader(const KeyValue& rows, AccountIdCache& ids, Sequence durable)
      : rows_(rows), ids_(ids), catalog_(rows, durable), blocks_(rows), durable_(durable) {}

  // Nullopt if the record is the creation of an account or participant, or is not durable.
  // Details are rarely wanted, and may be large.
  StoreResult<std::optional<StoredTransaction>> read(Sequence sequence, bool with_details);
  // The same with its details and its reversals.
  StoreResult<std::optional<StoredTransaction>> read_whole(const RecordIndex& index,
                                                           Sequence sequence);
  // The same of several, which have to be there, until `enough`.
  StoreResult<std::vector<StoredTransaction>> read_at(const RecordIndex& index,
                                                      std::span<const Sequence> sequences,
                                                      const Enough<StoredTransaction>& enough);
  // The transactions in the range, newest first, at most `range.limit`. Creations are left out.
  // With an account only those that touch it, found by the history. The list ends early when
  // `enough` returns true.
  StoreResult<std::vector<StoredTransaction>> list(const RecordIndex& index,
                                                   const TransactionRange& range,
                                                   const Enough<StoredTransaction>& enough);

  // Those with that reference, newest first, with their details and reversals.
  StoreResult<std::vector<StoredTransaction>> list_with(const RecordIndex& index,
                                                        std::string_view reference,
                                                        const TransactionRange& range,
                                                        const Enough<StoredTransaction>& enough);

 private:
  // Replaces numbers by ids. `time`: that of the record's block.
  StoreResult<StoredTransaction> to_stored(const DecodedRecord& record, TimeMs time,
                                           bool with_details);
  // list() without an account: walks the sequences backwards.
  StoreResult<std::vector<StoredTransaction>> list_all(const TransactionRange& range,
                                                       const Enough<StoredTransaction>& enough);

  const KeyValue& rows_;
  AccountIdCache& ids_;
  const Catalog catalog_;
  BlockCursor blocks_;
  BlockCursor of_reversals_{rows_};
  const Sequence durable_;
  DecodedRecord record_;  // keeps its memory from record to record
};

// The first sequence of the first block whose stamp `is_late`; durable + 1 if there is none. Needs:
// all blocks after such a block are late too. A binary search over the blocks.
StoreResult<Sequence> first_block(const KeyValue& rows, Sequence durable,
                                  const std::function<bool(const BlockStamp&)>& is_late);
// The first sequence up to `durable` whose block time is at or after `time`; durable + 1 if there
// is none. Times are in ms since 1970.
StoreResult<Sequence> first_at_or_after(const KeyValue& rows, Sequence durable, TimeMs time);

}  // namespace sg::persistence
