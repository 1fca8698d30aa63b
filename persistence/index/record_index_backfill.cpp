// The links of records that were written by programs without links. Their blocks are read in small
// pieces, beside the write path. What was read becomes a run now and then, and the gap shrinks with
// it, so that a restart goes on there.
#include <algorithm>
#include <utility>

#include "persistence/chain/block_contents.hpp"
#include "persistence/chain/block_cursor.hpp"
#include "persistence/index/record_index.hpp"

namespace sg::persistence {
namespace {

// Records that one call reads: some milliseconds of work.
constexpr std::size_t kRecordsOfPiece = 5'000;
// A run is written at the latest after so many records, whatever they mention.
constexpr std::size_t kRecordsOfRun = 1'000'000;

}  // namespace

StoreResult<bool> RecordIndex::backfill(KeyValue& rows) {
  SequenceSpan gap;
  {
    const std::lock_guard lock(mutex_);
    if (!has_gap_to_fill()) return false;
    gap = frozen_->link_gap;
  }
  if (auto read = read_gap(rows, gap); !read) {
    if (read.error().fault != StoreFault::corrupt) return tl::unexpected(read.error());
    // Verification tells it as well. All else goes on without the links.
    const std::lock_guard lock(mutex_);
    link_problem_ = read.error().message;
    return false;
  }
  const bool is_enough =
      backfill_.links.size() >= chunk_mentions_ || backfill_.records >= kRecordsOfRun;
  if (is_enough || backfill_.last == gap.last) {
    if (auto written = write_backfill(rows); !written) return tl::unexpected(written.error());
  }
  return true;
}

StoreResult<void> RecordIndex::read_gap(const KeyValue& rows, const SequenceSpan& gap) {
  auto& read = backfill_;
  // After a crash, or a failure, what was read is read again.
  if (read.last < gap.first) {
    read = {};
    read.last = gap.first - 1;
  }
  BlockCursor blocks(rows);
  DecodedRecord record;
  Mentions mentions;
  for (std::size_t left = kRecordsOfPiece; left > 0 && read.last < gap.last;) {
    if (auto found = blocks.require(read.last + 1); !found) return tl::unexpected(found.error());
    const BlockView& block = blocks.block();
    const auto end = std::min(block.last(), gap.last);
    mentions.clear();
    for (Sequence sequence = read.last + 1; sequence <= end; ++sequence) {
      const auto index = static_cast<std::uint32_t>(sequence - block.first());
      if (!has_mentions(block.kind_at(index))) continue;
      if (auto decoded = read_record(block, sequence, record); !decoded) {
        return tl::unexpected(decoded.error());
      }
      // The other indexes have it.
      add_mentions(record, mentions);
    }
    const auto links = hashed(mentions);
    read.links.insert(read.links.end(), links.begin(), links.end());
    const auto count = static_cast<std::size_t>(end - read.last);
    read.records += count;
    left -= std::min(left, count);
    read.last = end;
    read.run_ms = block.stamp().run_ms;
  }
  return {};
}

StoreResult<void> RecordIndex::write_backfill(KeyValue& rows) {
  auto next = std::make_shared<Frozen>(*frozen());
  auto& gap = next->link_gap;
  auto links = std::exchange(backfill_.links, {});
  if (!links.empty()) {
    std::sort(links.begin(), links.end(), precedes);
    links.erase(std::unique(links.begin(), links.end()), links.end());
    RunFacts facts;
    facts.id = next_run_++;
    facts.first = gap.first;
    facts.last = backfill_.last;
    facts.run_ms = backfill_.run_ms;
    RunWriter writer(family_of(Index::links), facts, links.size());
    for (const auto& mention : links) writer.add(mention);
    auto run = writer.finish(rows);
    if (!run) {
      // It is read again.
      backfill_ = {};
      discard(rows, family_of(Index::links), facts.id);
      return tl::unexpected(run.error());
    }
    // Before those of younger records.
    auto& runs = next->runs[at(Index::links)];
    const auto place = std::find_if(
        runs.begin(), runs.end(), [&](const RunPtr& one) { return one->facts().first > gap.last; });
    runs.insert(place, std::move(*run));
  }
  gap.first = backfill_.last + 1;
  // Not synced: what a power loss takes is read again.
  backfill_ = {};
  return publish(rows, std::move(next), indexed(), false);
}

}  // namespace sg::persistence
