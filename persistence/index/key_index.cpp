// Keys of a batch that is sent again stand in few blocks, next to one another. So the places of all
// keys are gathered first and visited in the order of the chain: each block is read and checked
// once, however the batch is ordered.
#include "persistence/index/key_index.hpp"

#include <algorithm>
#include <utility>

#include "persistence/chain/block_cursor.hpp"

namespace sg::persistence {
namespace {

// Reads records and compares them with transfers. Made for one call; it costs least when records
// are visited in the order of the chain.
class Bindings {
 public:
  Bindings(const KeyValue& rows, AccountIdCache& ids, Sequence durable)
      : ids_(ids), catalog_(rows, durable), blocks_(rows) {}

  struct Outcome {
    bool is_of_key = false;             // else another key has the same hash
    std::optional<KeyBinding> binding;  // none: it has expired
  };
  // What the record says of the transfer's key; it is expired if it was written before `oldest` on
  // the run clock.
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

// A key whose record is looked for: its youngest place first, older ones while the records turn out
// to be of another key with the same hash.
struct Search {
  std::uint32_t transfer = 0;
  std::vector<Sequence> places;  // newest first
  std::size_t next = 0;
  std::optional<FoundKey> found{};
};

// Visits the next place of each search, in the order of the chain. Returns those that go on.
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
    const bool is_decided = !outcome || outcome->is_of_key;
    return is_decided || search->next == search->places.size();
  });
  return searches;
}

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
