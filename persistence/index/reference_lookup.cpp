#include "persistence/index/reference_lookup.hpp"

#include <algorithm>

#include "persistence/chain/block_cursor.hpp"

namespace sg::persistence {
namespace {

// Records that may have a reference are asked for so many at a time: nearly always the first has.
constexpr std::size_t kAtOnce = 16;

// The youngest record in the range that has the reference; nullopt: none has.
StoreResult<std::optional<ledger::RecordPlace>> find_one(const KeyValue& rows,
                                                         const RecordIndex& index,
                                                         BlockCursor& blocks, DecodedRecord& record,
                                                         Term term, std::string_view reference,
                                                         MentionRange range) {
  range.limit = kAtOnce;
  while (true) {
    const auto places = index.find(rows, Index::links, term, range);
    if (!places) return tl::unexpected(places.error());
    for (const Sequence sequence : *places) {
      if (auto found = blocks.require(sequence); !found) return tl::unexpected(found.error());
      if (auto read = read_record(blocks.block(), sequence, record); !read) {
        return tl::unexpected(read.error());
      }
      if (!is_transaction(record.kind) || record.reference != reference) continue;
      return ledger::RecordPlace{sequence, blocks.block().stamp().time};
    }
    if (places->size() < range.limit) return std::nullopt;
    range.before = places->back();
  }
}

}  // namespace

std::optional<StoreError> links_building(const RecordIndex& index) {
  const auto gap = index.link_gap();
  if (gap.empty()) return std::nullopt;
  return StoreError{StoreFault::building, "references are still being indexed, records " +
                                              std::to_string(gap.first) + " to " +
                                              std::to_string(gap.last) + " are left: try again"};
}

StoreResult<std::vector<FoundReference>> find_references(
    const KeyValue& rows, const RecordIndex& index,
    std::span<const ledger::Transfer* const> transfers, const MentionRange& range) {
  if (auto building = links_building(index)) return tl::unexpected(std::move(*building));
  std::vector<Term> terms(transfers.size());
  for (std::size_t i = 0; i < transfers.size(); ++i) {
    terms[i] = index.link_term(link_text(LinkKind::reference, transfers[i]->reference));
  }
  std::vector<FoundReference> found;
  BlockCursor blocks(rows);
  DecodedRecord record;
  for (const auto i : index.candidates(Index::links, terms, range.first - 1)) {
    auto place = find_one(rows, index, blocks, record, terms[i], transfers[i]->reference, range);
    if (!place) {
      found.push_back({i, tl::unexpected(place.error())});
    } else if (*place) {
      found.push_back({i, **place});
    }
  }
  return found;
}

}  // namespace sg::persistence
