#include "persistence/member_opening.hpp"

#include <algorithm>
#include <utility>

#include "faults/fault_injection.hpp"
#include "persistence/chain/block_cursor.hpp"
#include "persistence/opening_checks.hpp"
#include "persistence/rows/high_water_mark.hpp"
#include "persistence/rows/meta.hpp"
#include "persistence/rows/rows.hpp"

namespace sg::persistence {
namespace {

// What the file `head` says. A store that has just become a member's has the mark of a single one.
struct MemberMark {
  std::optional<LogMark> log;
  std::optional<HighWaterMark> chain;
};

StoreResult<MemberMark> read_mark(const Medium& medium) {
  const auto bytes = medium.read_mark();
  if (!bytes) return tl::unexpected(bytes.error());
  if (!*bytes) {
    return store_error(StoreFault::corrupt,
                       "its mark (file `head`) is missing, so nothing tells whether acknowledged "
                       "entries are missing: a copy of a member joins as a new one");
  }
  MemberMark mark{decode_log_mark(**bytes), decode_mark(**bytes)};
  if (mark.log || mark.chain) return mark;
  return store_error(StoreFault::corrupt,
                     "its mark (file `head`) fails its checksum, so nothing tells whether "
                     "acknowledged entries are missing: replace the member by a new one");
}

tl::unexpected<StoreError> lost(const std::string& what) {
  return store_error(StoreFault::lost_tail, what + ": replace the member by a new one");
}

StoreResult<void> check_log_mark(const KeyValue& rows, const LogStore& log, const LogMark& mark) {
  if (mark.index > log.last_index()) {
    return lost("entries up to " + std::to_string(mark.index) +
                " were acknowledged, but the log ends at " + std::to_string(log.last_index()));
  }
  if (mark.promise.term > log.promise().term ||
      (mark.promise.term == log.promise().term && mark.promise.vote != 0 &&
       mark.promise.vote != log.promise().vote)) {
    return lost("in term " + std::to_string(mark.promise.term) + " it voted for " +
                std::to_string(mark.promise.vote) + ", and the store does not know");
  }
  if (mark.index == 0) return {};
  const auto row = log.read(rows, mark.index, mark.index + 1, 0);
  if (!row) return tl::unexpected(row.error());
  const auto end = log.end_at(rows, mark.index);
  if (!end) return tl::unexpected(end.error());
  if (row->front().term != mark.row_term || *end != mark.chain) {
    return store_error(StoreFault::corrupt, "entry " + std::to_string(mark.index) +
                                                " of the log is not the one that was acknowledged");
  }
  return {};
}

// The chain's head where it ends with this sequence.
StoreResult<ChainHead> head_at(const KeyValue& rows, Sequence sequence) {
  if (sequence == 0) return ChainHead{};
  BlockCursor cursor(rows);
  if (auto found = cursor.require(sequence); !found) return tl::unexpected(found.error());
  if (cursor.block().last() != sequence) {
    return store_error(StoreFault::corrupt,
                       "no block ends at sequence " + std::to_string(sequence));
  }
  return head_after(cursor.block());
}

// The last sequence that indexes and balances rest on, those of an unfinished checkpoint included.
StoreResult<Sequence> derived_up_to(const KeyValue& rows) {
  Sequence last = 0;
  for (const auto name : {kMetaIndexed, kMetaCheckpoint}) {
    const auto at = read_meta(rows, name);
    if (!at) return at;
    last = std::max(last, *at);
  }
  const auto cursor = rows.cursor(Family::balances);
  for (cursor->seek({}); cursor->valid(); cursor->next()) {
    const auto page = decode_balances(cursor->key(), cursor->value());
    if (!page) return store_error(StoreFault::corrupt, "checkpointed balances do not decode");
    last = std::max(last, page->sequence);
  }
  if (auto status = cursor->status(); !status) return tl::unexpected(status.error());
  return last;
}

StoreResult<Checked> check(const KeyValue& rows, const MemberMark& mark, Level known,
                           LogStore& log) {
  const auto format = check_version(rows);
  if (!format) return tl::unexpected(format.error());
  const auto is_member = LogStore::is_member(rows);
  if (!is_member) return tl::unexpected(is_member.error());
  if (!*is_member) {
    return store_error(StoreFault::unknown_version,
                       "it stands alone, and does not belong to a member of a cluster");
  }
  if (auto loaded = log.load(rows, known); !loaded) return tl::unexpected(loaded.error());
  if (auto ok = check_links(rows); !ok) return tl::unexpected(ok.error());
  const auto tail = read_head(rows);
  if (!tail) return tl::unexpected(tail.error());
  if (ChainEnd{tail->sequence, tail->hash} != log.end()) {
    return store_error(StoreFault::corrupt, "the chain ends at sequence " +
                                                std::to_string(tail->sequence) +
                                                ", but the last entry of the log at " +
                                                std::to_string(log.end().sequence));
  }
  if (mark.log) {
    if (auto ok = check_log_mark(rows, log, *mark.log); !ok) return tl::unexpected(ok.error());
  } else if (log.last_index() > 0 || mark.chain->sequence > log.base().sequence) {
    return store_error(StoreFault::corrupt, "its mark (file `head`) is that of another store");
  }
  const auto derived = derived_up_to(rows);
  if (!derived) return tl::unexpected(derived.error());
  // Only what is committed is derived from, so all up to there is.
  if (auto ok = log.apply_up_to(rows, *derived); !ok) return tl::unexpected(ok.error());
  const auto head = head_at(rows, log.applied().sequence);
  if (!head) return tl::unexpected(head.error());
  const auto ends = check_derived(rows, *head);
  if (!ends) return tl::unexpected(ends.error());
  return Checked{*head, *ends, *format};
}

}  // namespace

StoreResult<OpenedMember> open_member(Medium& medium, const StoreOptions& options, Opening opening,
                                      Level known, LogStore& log) {
  const auto access = opening == Opening::to_read ? Access::read_only : Access::read_write;
  if (auto prepared = medium.prepare(access); !prepared) return tl::unexpected(prepared.error());
  const auto exists = medium.has_store();
  if (!exists) return tl::unexpected(exists.error());
  if (!*exists) return store_error(StoreFault::io, "there is no store in " + medium.name());
  const auto mark = read_mark(medium);
  if (!mark) return refused(medium, mark.error());
  auto opened = look_then_open(medium, options, opening, [&](const KeyValue& rows) {
    return check(rows, *mark, known, log);
  });
  if (!opened) return refused(medium, opened.error());
  const LogIndex marked = mark->log ? mark->log->committed : 0;
  OpenedMember member{std::move(*opened), std::max(marked, log.applied().index)};
  if (opening == Opening::to_read) return member;
  faults::reach(faults::Point::opening_before_mark);
  if (auto written = log.write_mark(medium, member.committed, true); !written) {
    return tl::unexpected(written.error());
  }
  return member;
}

StoreResult<void> found_group(Medium& medium, const StoreOptions& options, std::uint64_t member,
                              const std::string& membership, Level level, const StoreId& store) {
  if (auto prepared = medium.prepare(Access::read_write); !prepared) return prepared;
  const auto exists = medium.has_store();
  if (!exists) return tl::unexpected(exists.error());
  if (*exists) {
    const auto rows = medium.open(Access::read_only);
    if (!rows) return tl::unexpected(rows.error());
    const auto is_member = LogStore::is_member(**rows);
    if (!is_member) return tl::unexpected(is_member.error());
    if (*is_member) {
      LogStore log;
      if (auto loaded = log.load(**rows, kKnownLevel); !loaded) return loaded;
      if (log.base().member == member) return {};
      return store_error(StoreFault::unknown_version,
                         "the store in " + medium.name() + " belongs to member " +
                             std::to_string(log.base().member) + " already");
    }
  }
  // With all the checks of a store that stands alone; its mark is synced.
  auto opened = open_chain(medium, options, Opening::first);
  if (!opened) return tl::unexpected(opened.error());
  const auto batch = opened->rows->new_batch();
  LogStore::found(*batch, {member, opened->head.sequence, opened->head.hash}, store, level,
                  membership);
  // Its blocks may be of a newer format than a new cluster begins with.
  batch->put(Family::meta, kMetaVersion, encode_format(std::max(kFormatOfMembers, opened->format)));
  return opened->rows->write(*batch, true);
}

}  // namespace sg::persistence
