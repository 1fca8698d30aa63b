#include "persistence/key_index.hpp"

#include "persistence/block_cursor.hpp"

namespace sg::persistence {
namespace {

// The block has account numbers for ids; two requests with one key are rare enough to look them up.
StoreResult<bool> has_content(const DecodedRecord& record, const ledger::Transfer& transfer,
                              AccountIdCache& ids, const Catalog& catalog) {
  if (static_cast<ledger::TransferKind>(record.kind) != transfer.kind ||
      record.reference != transfer.reference || record.postings.size() != transfer.entries.size()) {
    return false;
  }
  for (std::size_t i = 0; i < record.postings.size(); ++i) {
    if (record.postings[i].amount != transfer.entries[i].amount) return false;
    const auto id = ids.id_of(record.postings[i].account, catalog);
    if (!id) return tl::unexpected(id.error());
    if (*id != transfer.entries[i].account_id) return false;
  }
  return true;
}

}  // namespace

StoreResult<std::vector<FoundKey>> KeyIndex::find(
    const KeyValue& rows, const RecordIndex& index, AccountIdCache& ids,
    std::span<const ledger::Transfer* const> transfers, const Searched& searched) const {
  std::vector<Term> terms(transfers.size());
  for (std::size_t i = 0; i < transfers.size(); ++i) terms[i] = transfers[i]->key_hash;
  std::vector<FoundKey> found;
  for (const auto i : index.candidates(terms, searched.after)) {
    auto bound = find_one(rows, index, ids, *transfers[i], searched);
    if (!bound) {
      found.push_back({i, tl::unexpected(bound.error())});
    } else if (*bound) {
      found.push_back({i, **bound});
    }
  }
  return found;
}

StoreResult<std::optional<KeyBinding>> KeyIndex::find_one(const KeyValue& rows,
                                                          const RecordIndex& index,
                                                          AccountIdCache& ids,
                                                          const ledger::Transfer& transfer,
                                                          const Searched& searched) const {
  const auto places =
      index.find(rows, Index::keys, transfer.key_hash, {searched.after + 1, searched.durable + 1});
  if (!places) return tl::unexpected(places.error());
  if (places->empty()) return std::nullopt;
  BlockCursor cursor(rows);
  DecodedRecord record;
  for (const Sequence sequence : *places) {
    const auto found = cursor.seek(sequence);
    if (!found) return tl::unexpected(found.error());
    if (!*found) {
      return store_error(StoreFault::corrupt,
                         "the block with sequence " + std::to_string(sequence) + " is missing");
    }
    const BlockView& block = cursor.block();
    if (!block.read_record(static_cast<std::uint32_t>(sequence - block.first()), record)) {
      return damaged(block, "record " + std::to_string(sequence) + " does not decode");
    }
    // Another key may have the same hash.
    if (record.key != transfer.idempotency_key) continue;
    const auto now = clock_.load(std::memory_order_relaxed);
    if (now - block.stamp().run_ms > retention_ms_) return std::nullopt;
    const auto same = has_content(record, transfer, ids, Catalog(rows, searched.durable));
    if (!same) return tl::unexpected(same.error());
    return KeyBinding{sequence, block.stamp().time, *same};
  }
  return std::nullopt;
}

}  // namespace sg::persistence
