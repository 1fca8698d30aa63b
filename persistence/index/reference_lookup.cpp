#include "persistence/index/reference_lookup.hpp"

#include "persistence/chain/block_cursor.hpp"

namespace sg::persistence {
namespace {

// The oldest record in the range that has the reference; nullopt: none has.
StoreResult<std::optional<ledger::RecordPlace>> find_one(const KeyValue& rows,
                                                         const RecordIndex& index,
                                                         BlockCursor& blocks, DecodedRecord& record,
                                                         Term term, std::string_view reference,
                                                         MentionRange range) {
  while (true) {
    const auto place = index.find_oldest(rows, Index::links, term, range);
    if (!place) return tl::unexpected(place.error());
    if (*place == 0) return std::nullopt;
    if (auto found = blocks.require(*place); !found) return tl::unexpected(found.error());
    if (auto read = read_record(blocks.block(), *place, record); !read) {
      return tl::unexpected(read.error());
    }
    if (is_transaction(record.kind) && record.reference == reference) {
      return ledger::RecordPlace{*place, blocks.block().stamp().time};
    }
    // Of another text with the same hash.
    range.first = *place + 1;
  }
}

}  // namespace

std::optional<StoreError> links_building(const RecordIndex& index) {
  const auto gap = index.link_gap();
  if (gap.empty()) return std::nullopt;
  if (auto problem = index.link_problem(); !problem.empty()) {
    return StoreError{StoreFault::corrupt,
                      "references cannot be indexed, a record is damaged: " + problem};
  }
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
