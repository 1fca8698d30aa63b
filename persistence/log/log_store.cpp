#include "persistence/log/log_store.hpp"

#include <algorithm>
#include <utility>

#include "faults/fault_injection.hpp"
#include "persistence/chain/block_reader.hpp"
#include "persistence/chain/format.hpp"
#include "persistence/encoding/bytes.hpp"
#include "persistence/encoding/crc32c.hpp"
#include "persistence/rows/meta.hpp"

namespace sg::persistence {
namespace {

// Rows of the meta family.
constexpr std::string_view kBase = "log_base";
constexpr std::string_view kIdentity = "log_identity";
constexpr std::string_view kOwned = "log_store/";  // and the member's number: its store
constexpr std::string_view kPromise = "log_promise";
constexpr std::string_view kApplied = "log_applied";

constexpr std::uint64_t kMarkMagic = 0x324B52414D474F4C;  // "LOGMARK2"
constexpr std::size_t kMarkCovered = 8 * sizeof(std::uint64_t) + sizeof(BlockHash);
constexpr std::size_t kMarkBytes = kMarkCovered + sizeof(std::uint32_t);

tl::unexpected<StoreError> not_the_groups(std::string what) {
  return store_error(StoreFault::corrupt,
                     "the log does not go on as the group's: " + std::move(what));
}

tl::unexpected<StoreError> too_old(Level level, Level known) {
  return store_error(StoreFault::unknown_version,
                     "the cluster is at level " + std::to_string(level) +
                         ", this program knows levels up to " + std::to_string(known) +
                         ": start the node with the program of the other nodes");
}

std::string name_of(LogIndex index) { return "entry " + std::to_string(index); }

std::string encode(const LogBase& base) {
  std::string bytes(2 * sizeof(std::uint64_t) + sizeof(BlockHash), '\0');
  put_fixed(put_fixed(put_fixed(bytes.data(), base.member), base.sequence), base.hash);
  return bytes;
}

std::string encode(const LogIdentity& identity) {
  std::string bytes(sizeof(ClusterId) + sizeof(StoreId) + sizeof(std::uint64_t), '\0');
  put_fixed(put_fixed(put_fixed(bytes.data(), identity.cluster), identity.store), identity.founder);
  return bytes + identity.founders;
}

std::string encode(const LogPromise& promise) {
  std::string bytes(2 * sizeof(std::uint64_t), '\0');
  put_fixed(put_fixed(bytes.data(), promise.term), promise.vote);
  return bytes;
}

std::string encode(const LogApplied& applied) {
  std::string bytes(2 * sizeof(std::uint64_t) + sizeof(Level), '\0');
  put_fixed(put_fixed(put_fixed(bytes.data(), applied.index), applied.sequence), applied.level);
  return bytes + applied.membership;
}

// The meta row of that name, decoded by `decode`, which returns false if it does not fit.
template <class Decode>
StoreResult<void> read_row(const KeyValue& rows, std::string_view name, Decode decode) {
  const auto bytes = rows.get(Family::meta, name);
  if (!bytes) return tl::unexpected(bytes.error());
  ByteReader in(*bytes ? std::string_view(**bytes) : std::string_view());
  if (!*bytes || !decode(in)) {
    return store_error(StoreFault::corrupt,
                       "meta row '" + std::string(name) + "' is missing or damaged");
  }
  return {};
}

}  // namespace

std::string encode(const LogMark& mark) {
  std::string bytes(kMarkBytes, '\0');
  char* to = put_fixed(bytes.data(), kMarkMagic);
  for (const auto number : {mark.index, mark.row_term, mark.chain.sequence, mark.committed,
                            mark.promise.term, mark.promise.vote}) {
    to = put_fixed(to, number);
  }
  to = put_fixed(put_fixed(to, std::uint64_t{0}), mark.chain.hash);
  put_fixed(to, crc32c(std::string_view(bytes).substr(0, kMarkCovered)));
  return bytes;
}

std::optional<LogMark> decode_log_mark(std::string_view bytes) {
  ByteReader in(bytes);
  const auto magic = in.fixed<std::uint64_t>();
  LogMark mark;
  for (auto* number : {&mark.index, &mark.row_term, &mark.chain.sequence, &mark.committed,
                       &mark.promise.term, &mark.promise.vote}) {
    *number = in.fixed<std::uint64_t>();
  }
  const auto reserved = in.fixed<std::uint64_t>();
  mark.chain.hash = in.fixed<BlockHash>();
  const auto checksum = in.fixed<std::uint32_t>();
  if (!in.at_end() || magic != kMarkMagic || reserved != 0) return std::nullopt;
  if (checksum != crc32c(bytes.substr(0, kMarkCovered))) return std::nullopt;
  return mark;
}

StoreResult<bool> LogStore::is_member(const KeyValue& rows) {
  const auto base = rows.get(Family::meta, kBase);
  if (!base) return tl::unexpected(base.error());
  return base->has_value();
}

void LogStore::found(Batch& batch, const LogBase& base, const StoreId& store, Level level,
                     const std::string& membership) {
  batch.put(Family::meta, kBase, encode(base));
  batch.put(Family::meta, kIdentity, encode(LogIdentity{{}, store, 0, {}}));
  batch.put(Family::meta, kPromise, encode(LogPromise{}));
  put_applied(batch, {0, base.sequence, level, membership});
}

void LogStore::put_applied(Batch& batch, const LogApplied& applied) {
  batch.put(Family::meta, kApplied, encode(applied));
}

void LogStore::put_base(Batch& batch, const LogBase& base) {
  batch.put(Family::meta, kBase, encode(base));
}

void LogStore::raise_format(Batch& batch, std::uint16_t format) {
  if (format <= format_) return;
  batch.put(Family::meta, kMetaVersion, encode_format(format));
  format_ = format;
}

void LogStore::begin_on(const LogBase& base, LogApplied applied) {
  base_ = base;
  end_ = {base.sequence, base.hash};
  applied_ = std::move(applied);
}

StoreResult<void> LogStore::join(KeyValue& rows, const LogIdentity& identity,
                                 const std::string& membership) {
  LogIdentity joined = identity;
  joined.store = identity_.store;
  LogApplied applied = applied_;
  applied.membership = membership;
  const auto batch = rows.new_batch();
  batch->put(Family::meta, kIdentity, encode(joined));
  put_applied(*batch, applied);
  if (auto written = rows.write(*batch, true); !written) return written;
  identity_ = std::move(joined);
  applied_ = std::move(applied);
  return {};
}

void LogStore::put_store(Batch& batch, const OwnedStore& owned) {
  batch.put(Family::meta, std::string(kOwned) + be64(owned.member),
            std::string(reinterpret_cast<const char*>(owned.store.data()), owned.store.size()));
}

StoreResult<std::optional<StoreId>> LogStore::store_of(const KeyValue& rows, std::uint64_t member) {
  const auto row = rows.get(Family::meta, std::string(kOwned) + be64(member));
  if (!row) return tl::unexpected(row.error());
  if (!*row) return std::nullopt;
  ByteReader in(**row);
  const auto store = in.fixed<StoreId>();
  if (!in.at_end())
    return store_error(StoreFault::corrupt, "the store of a member does not decode");
  return store;
}

StoreResult<void> LogStore::load(const KeyValue& rows, Level known) {
  known_level_ = known;
  const auto format = read_format(rows);
  if (!format) return tl::unexpected(format.error());
  format_ = *format;
  auto read = read_row(rows, kBase, [this](ByteReader& in) {
    base_.member = in.fixed<std::uint64_t>();
    base_.sequence = in.fixed<Sequence>();
    base_.hash = in.fixed<BlockHash>();
    return in.at_end() && base_.member != 0;
  });
  if (!read) return read;
  read = read_row(rows, kIdentity, [this](ByteReader& in) {
    identity_.cluster = in.fixed<ClusterId>();
    identity_.store = in.fixed<StoreId>();
    identity_.founder = in.fixed<std::uint64_t>();
    identity_.founders = in.take(in.left());
    return in.at_end();
  });
  if (!read) return read;
  read = read_row(rows, kPromise, [this](ByteReader& in) {
    promise_.term = in.fixed<LogTerm>();
    promise_.vote = in.fixed<std::uint64_t>();
    return in.at_end();
  });
  if (!read) return read;
  read = read_row(rows, kApplied, [this](ByteReader& in) {
    applied_.index = in.fixed<LogIndex>();
    applied_.sequence = in.fixed<Sequence>();
    applied_.level = in.fixed<Level>();
    applied_.membership = in.take(in.left());
    return in.at_end();
  });
  if (!read) return read;
  if (applied_.level > known_level_) return too_old(applied_.level, known_level_);
  const auto cursor = rows.cursor(Family::meta);
  cursor->seek_for_prev(log_key(~LogIndex{0}));
  if (auto status = cursor->status(); !status) return status;
  const auto last = cursor->valid() ? index_of_log_key(cursor->key()) : std::nullopt;
  last_index_.store(last.value_or(0), std::memory_order_release);
  last_term_ = 0;
  if (last) {
    const auto row = decode_log_row(cursor->value());
    if (!row)
      return store_error(StoreFault::corrupt, name_of(*last) + " of the log does not decode");
    last_term_ = row->term;
  }
  auto end = end_at(rows, last.value_or(0));
  if (!end) return tl::unexpected(end.error());
  end_ = *end;
  return {};
}

StoreResult<std::vector<LogRow>> LogStore::read(const KeyValue& rows, LogIndex low, LogIndex high,
                                                std::uint64_t max_bytes) const {
  std::vector<LogRow> result;
  std::uint64_t bytes = 0;
  const auto cursor = rows.cursor(Family::meta);
  cursor->seek(log_key(low));
  for (LogIndex index = low; index < high; ++index, cursor->next()) {
    if (!cursor->valid() || index_of_log_key(cursor->key()) != index) {
      if (auto status = cursor->status(); !status) return tl::unexpected(status.error());
      return store_error(StoreFault::corrupt, name_of(index) + " of the log is missing");
    }
    auto row = decode_log_row(cursor->value());
    if (!row)
      return store_error(StoreFault::corrupt, name_of(index) + " of the log does not decode");
    bytes += row->data.size();
    if (!result.empty() && bytes > max_bytes) break;
    result.push_back(std::move(*row));
  }
  return result;
}

StoreResult<std::string> LogStore::read_block(const KeyValue& rows, const BlockPlace& place) {
  auto bytes = rows.get(Family::blocks, be64(place.first));
  if (!bytes) return tl::unexpected(bytes.error());
  if (!*bytes || (*bytes)->size() != place.bytes) {
    return store_error(StoreFault::corrupt, name_of_block(place.first, place.records) +
                                                " is not the one that the log names");
  }
  return std::move(**bytes);
}

// Entries without a block are rare, so the walk back is short.
StoreResult<ChainEnd> LogStore::end_at(const KeyValue& rows, LogIndex index) const {
  for (; index > 0; --index) {
    const auto row = read(rows, index, index + 1, 0);
    if (!row) return tl::unexpected(row.error());
    if (!row->front().has_block()) continue;
    const auto place = *decode_place(row->front().data);
    return ChainEnd{place.last(), place.hash};
  }
  return ChainEnd{base_.sequence, base_.hash};
}

// The pair of the leader, whose journal seals blocks that follow one another.
StoreResult<ChainEnd> LogStore::check(const KeyValue& rows, const LogAppend& step) const {
  if (step.entries.empty()) return end_;
  const LogIndex first = step.entries.front().index;
  if (first == 0 || first > last_index() + 1) {
    return not_the_groups(name_of(first) + " does not follow " + name_of(last_index()));
  }
  if (first <= applied_.index) {
    return not_the_groups(name_of(first) + " is committed, and another one is to replace it");
  }
  auto end = first == last_index() + 1 ? end_ : end_at(rows, first - 1);
  if (!end) return end;
  for (std::size_t i = 0; i < step.entries.size(); ++i) {
    const NewEntry& entry = step.entries[i];
    if (entry.index != first + i) return not_the_groups(name_of(entry.index) + " is out of order");
    if (entry.row.has_level()) {
      const auto level = decode_level(entry.row.data);
      if (!level) return not_the_groups(name_of(entry.index) + " does not decode");
      if (*level > known_level_) return too_old(*level, known_level_);
    }
    if (entry.row.has_stores() && !decode_stores(entry.row.data)) {
      return not_the_groups(name_of(entry.index) + " does not decode");
    }
    if (!entry.row.has_block()) continue;
    const auto place = decode_place(entry.row.data);
    if (!place || !entry.block)
      return not_the_groups(name_of(entry.index) + " comes without its block");
    const auto block = BlockView::parse(*entry.block);
    if (!block)
      return not_the_groups(name_of(entry.index) +
                            " has a block that is damaged: " + block.error());
    if (block->first() != place->first || block->count() != place->records ||
        entry.block->size() != place->bytes || block->hash() != place->hash) {
      return not_the_groups(name_of(entry.index) + " comes with another block than it names");
    }
    if (place->first != end->sequence + 1) {
      return not_the_groups(name_of(entry.index) + " begins at sequence " +
                            std::to_string(place->first) + ", the chain before it ends at " +
                            std::to_string(end->sequence));
    }
    if (block->stamp().previous != end->hash) {
      return not_the_groups(name_of(entry.index) +
                            " does not carry the hash of the block before it");
    }
    end = ChainEnd{place->last(), place->hash};
  }
  return end;
}

StoreResult<void> LogStore::cut(const KeyValue& rows, Medium& medium, Batch& batch, LogIndex first,
                                LogIndex committed) const {
  LogMark lowered{first - 1, 0, {}, std::min(committed, first - 1), promise_};
  const auto kept = end_at(rows, first - 1);
  if (!kept) return tl::unexpected(kept.error());
  lowered.chain = *kept;
  if (first > 1) {
    const auto row = read(rows, first - 1, first, 0);
    if (!row) return tl::unexpected(row.error());
    lowered.row_term = row->front().term;
  }
  // Before the rows go: the log may never end before the mark.
  if (auto written = medium.write_mark(encode(lowered), true); !written) return written;
  for (LogIndex index = first; index <= last_index(); ++index) {
    const auto row = read(rows, index, index + 1, 0);
    if (!row) return tl::unexpected(row.error());
    batch.erase(Family::meta, log_key(index));
    if (!row->front().has_block()) continue;
    batch.erase(Family::blocks, be64(decode_place(row->front().data)->first));
  }
  return {};
}

StoreResult<void> LogStore::append(KeyValue& rows, Medium& medium, const LogAppend& step) {
  const auto end = check(rows, step);
  if (!end) return tl::unexpected(end.error());
  const auto batch = rows.new_batch();
  if (!step.entries.empty() && step.entries.front().index <= last_index()) {
    const auto first = step.entries.front().index;
    if (auto done = cut(rows, medium, *batch, first, step.committed); !done) return done;
  }
  auto format = format_;
  // After the erasures: the last write of a key in a batch wins.
  for (const NewEntry& entry : step.entries) {
    batch->put(Family::meta, log_key(entry.index), encode(entry.row));
    if (entry.row.has_level()) format = std::max(format, *decode_level(entry.row.data));
    if (!entry.row.has_block()) continue;
    batch->put(Family::blocks, be64(decode_place(entry.row.data)->first), *entry.block);
  }
  // A cut does not take it back: the members had said that they know the level.
  if (format > format_) batch->put(Family::meta, kMetaVersion, encode_format(format));
  batch->put(Family::meta, kPromise, encode(step.promise));
  const bool sync = !faults::has(faults::Defect::skip_sync);
  if (auto written = rows.write(*batch, sync); !written) return written;
  faults::reach(faults::Point::store_before_mark);
  format_ = format;
  promise_ = step.promise;
  if (!step.entries.empty()) {
    last_term_ = step.entries.back().row.term;
    end_ = *end;
    last_index_.store(step.entries.back().index, std::memory_order_release);
  }
  return write_mark(medium, step.committed, false);
}

StoreResult<void> LogStore::apply_up_to(const KeyValue& rows, Sequence sequence) {
  for (auto index = applied_.index + 1; applied_.sequence < sequence && index <= last_index();
       ++index) {
    const auto row = read(rows, index, index + 1, 0);
    if (!row) return tl::unexpected(row.error());
    if (!row->front().has_block()) continue;
    applied_.index = index;
    applied_.sequence = decode_place(row->front().data)->last();
  }
  return {};
}

StoreResult<void> LogStore::write_mark(Medium& medium, LogIndex committed, bool sync) const {
  return medium.write_mark(
      encode(LogMark{last_index(), last_term_, end_, std::min(committed, last_index()), promise_}),
      sync);
}

}  // namespace sg::persistence
