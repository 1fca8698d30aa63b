#include "persistence/opening_checks.hpp"

#include <algorithm>
#include <utility>

#include "faults/fault_injection.hpp"
#include "persistence/chain/block_contents.hpp"
#include "persistence/chain/block_cursor.hpp"
#include "persistence/rows/catalog.hpp"
#include "persistence/rows/checkpoint.hpp"
#include "persistence/rows/checkpoint_writer.hpp"
#include "persistence/rows/meta.hpp"

namespace sg::persistence {
namespace {

// How many blocks are checked before the store is opened for writing; verify() checks all.
constexpr std::size_t kBlocksChecked = 64;

constexpr std::string_view kRestore =
    "; the files are left as they are: restore the store from a copy";

}  // namespace

tl::unexpected<StoreError> refused(const Medium& medium, StoreError error) {
  error.message = "the store in " + medium.name() + ": " + error.message;
  if (error.fault == StoreFault::corrupt || error.fault == StoreFault::lost_tail) {
    error.message += kRestore;
  }
  return tl::unexpected(std::move(error));
}

StoreResult<std::uint16_t> check_version(const KeyValue& rows) {
  const auto format = read_format(rows);
  if (!format) return format;
  const auto hash = rows.get(Family::meta, kMetaShardHash);
  if (!hash) return tl::unexpected(hash.error());
  if (!*hash) return store_error(StoreFault::corrupt, "the name of its shard hash is missing");
  if (*format < kOldestFormat || *format > kNewestStoreFormat) {
    return store_error(StoreFault::unknown_version,
                       "it has format version " + std::to_string(*format) +
                           ", this program knows versions " + std::to_string(kOldestFormat) +
                           " to " + std::to_string(kNewestStoreFormat) +
                           ": use the program that wrote it, or another directory");
  }
  if (**hash != kShardHashName) {
    return store_error(StoreFault::unknown_version,
                       "it spreads accounts by '" + **hash + "', this program by '" +
                           std::string(kShardHashName) +
                           "': use the program that wrote it, or another directory");
  }
  return format;
}

StoreResult<void> check_links(const KeyValue& rows) {
  BlockCursor cursor(rows);
  auto found = cursor.seek_to_last();
  for (std::size_t checked = 0; found && *found && checked < kBlocksChecked; ++checked) {
    const Sequence first = cursor.block().first();
    const std::uint32_t count = cursor.block().count();
    const BlockHash previous = cursor.block().stamp().previous;
    const auto broken = [first, count](const std::string& what) {
      return store_error(StoreFault::corrupt, name_of_block(first, count) + " " + what);
    };
    found = cursor.prev();
    if (!found) break;
    if (!*found) {
      if (first != 1) return broken("is the first one there: those before it are missing");
      if (previous != BlockHash{}) return broken("is the first but names one before it");
      return {};
    }
    if (cursor.block().last() + 1 != first) {
      return broken("does not follow the block before it, which ends at " +
                    std::to_string(cursor.block().last()));
    }
    if (cursor.block().hash() != previous) {
      return broken("does not carry the hash of the block before it");
    }
  }
  if (!found) return tl::unexpected(found.error());
  return {};
}

StoreResult<DerivedEnds> check_derived(const KeyValue& rows, const ChainHead& head) {
  const auto indexed = read_meta(rows, kMetaIndexed);
  if (!indexed) return tl::unexpected(indexed.error());
  const auto checkpoint = read_meta(rows, kMetaCheckpoint);
  if (!checkpoint) return tl::unexpected(checkpoint.error());
  for (const auto& [name, at] :
       {std::pair{"index", *indexed}, std::pair{"checkpoint", *checkpoint}}) {
    if (at <= head.sequence) continue;
    return store_error(StoreFault::corrupt, std::string("its ") + name + " reaches sequence " +
                                                std::to_string(at) + ", past the chain's end " +
                                                std::to_string(head.sequence) +
                                                ": acknowledged blocks are missing");
  }
  return DerivedEnds{*indexed, *checkpoint};
}

StoreResult<void> refill(RecordIndex& index, const KeyValue& rows, Sequence until,
                         const OpeningListener& listener) {
  const Sequence indexed = index.indexed();
  if (indexed >= until) return {};
  OpeningStepReport report(listener, OpeningStep::indexes, until - indexed);
  BlockCursor cursor(rows);
  DecodedRecord record;
  Mentions mentions;
  auto found = cursor.seek(indexed + 1);
  for (Sequence next = indexed + 1; found && *found && next <= until; found = cursor.next()) {
    const BlockView& block = cursor.block();
    // The pair of Group, which numbers records without a gap. The first block may begin earlier.
    if (!block.holds(next)) {
      return damaged(block, "sequence " + std::to_string(next) + " is missing before it");
    }
    next = block.last() + 1;
    mentions.clear();
    for (std::uint32_t i = 0; i < block.count(); ++i) {
      if (block.first() + i <= indexed || !has_mentions(block.kind_at(i))) continue;
      if (auto read = read_record(block, block.first() + i, record); !read) return read;
      add_mentions(record, mentions);
    }
    if (faults::has(faults::Defect::forget_keys)) mentions.keys.clear();
    index.push(mentions, block.last(), block.stamp().run_ms);
    report.reach(std::min(block.last(), until) - indexed);
  }
  if (!found) return tl::unexpected(found.error());
  report.finish();
  return {};
}

StoreResult<void> check_readable(const KeyValue& rows, const ChainHead& head, Sequence checkpoint,
                                 const OpeningListener& listener) {
  if (auto balances = load_balances(rows, head, checkpoint, listener); !balances) {
    return tl::unexpected(balances.error());
  }
  const Catalog catalog(rows, head.sequence);
  std::uint64_t accounts = 0;
  OpeningStepReport report(listener, OpeningStep::accounts, head.accounts);
  auto scanned = catalog.for_each_account(
      [&](std::string_view, AccountNumber, Amount) { report.reach(++accounts); });
  if (!scanned) return scanned;
  report.finish();
  if (accounts != head.accounts) {
    return store_error(StoreFault::corrupt, "the chain has " + std::to_string(head.accounts) +
                                                " accounts, but " + std::to_string(accounts) +
                                                " are found by id");
  }
  return catalog.for_each_participant([](std::string_view) {});
}

StoreResult<OpenedStore> look_then_open(Medium& medium, const StoreOptions& options,
                                        Opening opening, const Check& check) {
  OpenedStore opened;
  {
    auto rows = medium.open(Access::read_only);
    if (!rows) return tl::unexpected(rows.error());
    const auto checked = check(**rows);
    if (!checked) return tl::unexpected(checked.error());
    if (opening != Opening::again) {
      if (auto ok = check_readable(**rows, checked->head, checked->ends.checkpoint,
                                   options.opening_progress);
          !ok) {
        return tl::unexpected(ok.error());
      }
    }
    opened.index = std::make_unique<RecordIndex>(options.index_chunk, options.key_retention_ms,
                                                 options.link_secret);
    if (auto loaded = opened.index->load(**rows); !loaded) return tl::unexpected(loaded.error());
    if (auto filled =
            refill(*opened.index, **rows, checked->head.sequence, options.opening_progress);
        !filled) {
      return tl::unexpected(filled.error());
    }
    opened.head = checked->head;
    opened.format = checked->format;
    if (opening == Opening::to_read) {
      opened.checkpoint = checked->ends.checkpoint;
      opened.rows = std::move(*rows);
      return opened;
    }
  }
  faults::reach(faults::Point::opening_before_repair);
  auto rows = medium.open(Access::read_write);
  if (!rows) return tl::unexpected(rows.error());
  const auto checked = check(**rows);
  if (!checked) return tl::unexpected(checked.error());
  if (checked->head.hash != opened.head.hash) {
    return store_error(StoreFault::io, "it changed while it was opened");
  }
  opened.rows = std::move(*rows);
  if (auto removed = opened.index->remove_orphans(*opened.rows); !removed) {
    return tl::unexpected(removed.error());
  }
  opened.checkpoint = checked->ends.checkpoint;
  if (auto completed = complete_checkpoint(*opened.rows, opened.checkpoint); !completed) {
    return tl::unexpected(completed.error());
  }
  return opened;
}

}  // namespace sg::persistence
