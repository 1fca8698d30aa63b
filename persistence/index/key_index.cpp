// Looks up many keys at once. If a client sends a batch again, its keys are all in a few blocks
// next to one another. So the places of all keys are gathered first, then visited in the order of
// the chain. Each block is read and checked once, whatever the order of the batch.
//
// The index knows only the hash of a key. If the record at a place turns out to hold another key
// with the same hash, the search goes on with the next older place, in another pass over the chain.
#include "persistence/index/key_index.hpp"

#include <algorithm>
#include <utility>

#include "persistence/chain/block_cursor.hpp"
#include "persistence/chain/extension.hpp"
#include "persistence/index/seal_lookup.hpp"

namespace sg::persistence {
namespace {

// Reads records and compares them with transfers. Made for one call. It stays on the block that it
// read last, so it is cheapest when records are visited in the order of the chain.
class Bindings {
 public:
  Bindings(const KeyValue& rows, AccountIdCache& ids, Sequence durable)
      : ids_(ids), catalog_(rows, durable), blocks_(rows) {}

  struct Outcome {
    bool is_of_key = false;             // false: the record is of another key with the same hash
    std::optional<KeyBinding> binding;  // none although is_of_key: it has expired
  };
  // Compares the record with the transfer's key and content. The binding has expired if the record
  // was written before `oldest` on the run clock, in ms.
  StoreResult<Outcome> look(Sequence sequence, const ledger::Transfer& transfer,
                            std::int64_t oldest) {
    if (auto found = blocks_.require(sequence); !found) return tl::unexpected(found.error());
    const BlockView& block = blocks_.block();
    if (auto read = read_record(block, sequence, record_); !read) {
      return tl::unexpected(read.error());
    }
    if (record_.key != transfer.idempotency_key) return Outcome{};
    if (block.stamp().run_ms < oldest) return Outcome{true, std::nullopt};
    const auto same = has_content_of(transfer);
    if (!same) return tl::unexpected(same.error());
    const auto index = static_cast<std::uint32_t>(sequence - block.first());
    return Outcome{true, KeyBinding{sequence, block.stamp().time, *same,
                                    block.starts_unit_at(index), record_.ends_unit}};
  }

 private:
  // Whether the record has the same kind, details, reference and entries as the transfer, in the
  // same order. The contents are compared, not a digest. The block has account numbers, so they are
  // turned into ids first. Fields that this program does not know may belong to the content as
  // well, so they leave it unknown. Who sent the transfer does not belong to it.
  StoreResult<bool> has_content_of(const ledger::Transfer& transfer) {
    const auto details = read_details(record_.extension);
    if (!details) {
      return store_error(StoreFault::unknown_version,
                         "the key's record has fields that this program does not know");
    }
    if (*details != (transfer.details != nullptr ? *transfer.details : ledger::Details())) {
      return false;
    }
    if (static_cast<ledger::TransferKind>(record_.kind) != transfer.kind ||
        record_.reference != transfer.reference) {
      return false;
    }
    if (ledger::reverses_all(transfer) || ledger::is_policy(transfer)) return true;
    if (record_.postings.size() != transfer.entries.size()) return false;
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

// The search for the record of one key. It begins with the youngest place and goes on to older ones
// as long as the records belong to other keys with the same hash.
struct Search {
  std::uint32_t transfer = 0;       // place in the caller's list
  std::vector<Sequence> places;     // sequences of records that may have the key, newest first
  std::size_t next = 0;             // the place to visit next
  std::optional<FoundKey> found{};  // the result; none if the key is not bound
};

// Visits the next place of each search, in the order of the chain. Returns the searches that are
// not decided and have more places.
std::vector<Search*> visit(Bindings& bindings, std::vector<Search*> searches,
                           std::span<const ledger::Transfer* const> transfers,
                           std::int64_t oldest) {
  std::sort(searches.begin(), searches.end(), [](const Search* a, const Search* b) {
    return a->places[a->next] < b->places[b->next];
  });
  std::erase_if(searches, [&](Search* search) {
    const Sequence place = search->places[search->next++];
    auto outcome = bindings.look(place, *transfers[search->transfer], oldest);
    if (!outcome) {
      search->found = {search->transfer, tl::unexpected(outcome.error())};
    } else if (outcome->binding) {
      search->found = {search->transfer, *outcome->binding};
    }
    // The key's youngest record decides: if that has expired, so have all older ones.
    const bool is_decided = !outcome || outcome->is_of_key;
    return is_decided || search->next == search->places.size();
  });
  return searches;
}

}  // namespace

StoreResult<std::vector<FoundKey>> KeyIndex::find(
    const KeyValue& rows, const RecordIndex& index, AccountIdCache& ids,
    std::span<const ledger::Transfer* const> transfers, const Searched& searched) const {
  auto found = find_transfers(rows, index, ids, transfers, searched);
  if (!found || !index.has_seals()) return found;
  return add_seals(rows, index, transfers, {searched.after + 1, searched.durable + 1},
                   std::move(*found));
}

StoreResult<std::vector<FoundKey>> KeyIndex::find_transfers(
    const KeyValue& rows, const RecordIndex& index, AccountIdCache& ids,
    std::span<const ledger::Transfer* const> transfers, const Searched& searched) const {
  std::vector<Term> terms(transfers.size());
  for (std::size_t i = 0; i < transfers.size(); ++i) terms[i] = transfers[i]->key_hash;
  // Most keys are new. The filters sort those out together, without reading a page.
  std::vector<FoundKey> found;
  const auto candidates = index.candidates(Index::keys, terms, searched.after);
  if (candidates.empty()) return found;
  const MentionRange range{searched.after + 1, searched.durable + 1};
  const auto oldest = this->oldest();
  std::vector<Search> searches;
  searches.reserve(candidates.size());
  for (const auto i : candidates) {
    auto places = index.find(rows, Index::keys, terms[i], range);
    if (!places) {
      searches.push_back({i, {}, 0, FoundKey{i, tl::unexpected(places.error())}});
    } else if (!places->empty()) {
      searches.push_back({i, std::move(*places), 0, std::nullopt});
    }
  }
  std::vector<Search*> open;
  for (auto& search : searches) {
    if (!search.found) open.push_back(&search);
  }
  Bindings bindings(rows, ids, searched.durable);
  while (!open.empty()) open = visit(bindings, std::move(open), transfers, oldest);
  for (auto& search : searches) {
    if (search.found) found.push_back(std::move(*search.found));
  }
  return found;
}

}  // namespace sg::persistence
