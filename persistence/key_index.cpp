#include "persistence/key_index.hpp"

#include "persistence/block_cursor.hpp"

namespace sg::persistence {
namespace {

// Made for one call: the keys of a batch that is sent again stand in few blocks.
class Bindings {
 public:
  Bindings(const KeyValue& rows, AccountIdCache& ids, Sequence durable)
      : ids_(ids), catalog_(rows, durable), blocks_(rows) {}

  // What the youngest of the records that is bound to the transfer's key stands for, if it was
  // written at `oldest` on the run clock, or after.
  StoreResult<std::optional<KeyBinding>> find(std::span<const Sequence> places,
                                              const ledger::Transfer& transfer,
                                              std::int64_t oldest) {
    for (const Sequence sequence : places) {
      if (auto found = blocks_.require(sequence); !found) return tl::unexpected(found.error());
      const BlockView& block = blocks_.block();
      if (auto read = read_record(block, sequence, record_); !read) {
        return tl::unexpected(read.error());
      }
      // Another key may have the same hash.
      if (record_.key != transfer.idempotency_key) continue;
      if (block.stamp().run_ms < oldest) return std::nullopt;
      const auto same = has_content_of(transfer);
      if (!same) return tl::unexpected(same.error());
      const auto index = static_cast<std::uint32_t>(sequence - block.first());
      return KeyBinding{sequence, block.stamp().time, *same, block.starts_unit_at(index),
                        record_.ends_unit};
    }
    return std::nullopt;
  }

 private:
  // The block has account numbers for ids.
  StoreResult<bool> has_content_of(const ledger::Transfer& transfer) {
    if (static_cast<ledger::TransferKind>(record_.kind) != transfer.kind ||
        record_.reference != transfer.reference ||
        record_.postings.size() != transfer.entries.size()) {
      return false;
    }
    for (std::size_t i = 0; i < record_.postings.size(); ++i) {
      if (record_.postings[i].amount != transfer.entries[i].amount) return false;
      const auto id = ids_.id_of(record_.postings[i].account, catalog_);
      if (!id) return tl::unexpected(id.error());
      if (*id != transfer.entries[i].account_id) return false;
    }
    return true;
  }

  AccountIdCache& ids_;
  const Catalog catalog_;
  BlockCursor blocks_;
  DecodedRecord record_;
};

}  // namespace

StoreResult<std::vector<FoundKey>> KeyIndex::find(
    const KeyValue& rows, const RecordIndex& index, AccountIdCache& ids,
    std::span<const ledger::Transfer* const> transfers, const Searched& searched) const {
  std::vector<Term> terms(transfers.size());
  for (std::size_t i = 0; i < transfers.size(); ++i) terms[i] = transfers[i]->key_hash;
  std::vector<FoundKey> found;
  const auto candidates = index.candidates(terms, searched.after);
  if (candidates.empty()) return found;
  const MentionRange range{searched.after + 1, searched.durable + 1};
  const auto oldest = clock_.load(std::memory_order_relaxed) - retention_ms_;
  Bindings bindings(rows, ids, searched.durable);
  for (const auto i : candidates) {
    const auto places = index.find(rows, Index::keys, terms[i], range);
    if (!places) {
      found.push_back({i, tl::unexpected(places.error())});
      continue;
    }
    auto bound = bindings.find(*places, *transfers[i], oldest);
    if (!bound) {
      found.push_back({i, tl::unexpected(bound.error())});
    } else if (*bound) {
      found.push_back({i, **bound});
    }
  }
  return found;
}

}  // namespace sg::persistence
