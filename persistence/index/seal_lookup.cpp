#include "persistence/index/seal_lookup.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "persistence/chain/block_cursor.hpp"

namespace sg::persistence {
namespace {

// The seal of the key, or nullopt.
StoreResult<std::optional<KeyBinding>> find_seal(const KeyValue& rows, const RecordIndex& index,
                                                 BlockCursor& blocks, DecodedRecord& record,
                                                 Term term, std::string_view key,
                                                 const MentionRange& range) {
  const auto places = index.find(rows, Index::links, term, range);
  if (!places) return tl::unexpected(places.error());
  for (const auto place : *places) {
    if (auto found = blocks.require(place); !found) return tl::unexpected(found.error());
    if (auto read = read_record(blocks.block(), place, record); !read) {
      return tl::unexpected(read.error());
    }
    // Else of another text with the same hash.
    if (record.kind == RecordKind::seal && record.key == key) {
      KeyBinding binding{place, blocks.block().stamp().time};
      binding.sealed = true;
      return binding;
    }
  }
  return std::nullopt;
}

}  // namespace

StoreResult<std::vector<FoundKey>> add_seals(const KeyValue& rows, const RecordIndex& index,
                                             std::span<const ledger::Transfer* const> transfers,
                                             const MentionRange& range,
                                             std::vector<FoundKey> found) {
  std::vector<std::uint32_t> open;  // the transfers that nothing was found of
  std::vector<Term> terms;
  auto known = found.begin();
  for (std::uint32_t i = 0; i < transfers.size(); ++i) {
    if (known != found.end() && known->transfer == i) {
      ++known;
      continue;
    }
    open.push_back(i);
    terms.push_back(index.link_term(link_text(LinkKind::seal, transfers[i]->idempotency_key)));
  }
  std::vector<FoundKey> sealed;
  BlockCursor blocks(rows);
  DecodedRecord record;
  for (const auto place : index.candidates(Index::links, terms, range.first - 1)) {
    const auto transfer = open[place];
    auto seal = find_seal(rows, index, blocks, record, terms[place],
                          transfers[transfer]->idempotency_key, range);
    if (!seal) {
      sealed.push_back({transfer, tl::unexpected(seal.error())});
    } else if (*seal) {
      sealed.push_back({transfer, **seal});
    }
  }
  if (sealed.empty()) return found;
  std::vector<FoundKey> all;
  all.reserve(found.size() + sealed.size());
  std::merge(std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()),
             std::make_move_iterator(sealed.begin()), std::make_move_iterator(sealed.end()),
             std::back_inserter(all),
             [](const FoundKey& a, const FoundKey& b) { return a.transfer < b.transfer; });
  return all;
}

StoreResult<std::uint64_t> count_seals(const KeyValue& rows, const RecordIndex& index,
                                       Sequence durable) {
  if (!index.has_seals()) return 0;
  const auto term = index.link_term(link_text(LinkKind::any_seal, {}));
  BlockCursor blocks(rows);
  DecodedRecord record;
  MentionRange range{1, durable + 1, 1};
  while (true) {
    const auto last = index.find(rows, Index::links, term, range);
    if (!last) return tl::unexpected(last.error());
    if (last->empty()) return 0;
    const auto place = last->front();
    if (auto found = blocks.require(place); !found) return tl::unexpected(found.error());
    if (auto read = read_record(blocks.block(), place, record); !read) {
      return tl::unexpected(read.error());
    }
    if (record.kind == RecordKind::seal) return record.seal_number;
    range.before = place;
  }
}

}  // namespace sg::persistence
