#include "persistence/history.hpp"

#include <algorithm>

#include "persistence/format.hpp"
#include "persistence/meta.hpp"

namespace sg::persistence {
namespace {

// Newest first within an account: the sequence's complement.
constexpr std::size_t kKeyBytes = sizeof(AccountNumber) + sizeof(Sequence);

char* put_key(char* to, AccountNumber account, Sequence sequence) {
  return put_be64(put_be32(to, account), ~sequence);
}

}  // namespace

void HistoryChunk::add(const HistoryRow& row) {
  const auto [newest, inserted] = newest_.try_emplace(row.account, kNone);
  if (!inserted && rows_[newest->second].sequence == row.sequence) return;
  rows_.push_back({row.account, newest->second, row.sequence});
  newest->second = static_cast<std::uint32_t>(rows_.size() - 1);
}

void HistoryChunk::collect(AccountNumber account, Sequence first, Sequence before,
                           std::size_t limit, std::vector<Sequence>& into) const {
  const auto newest = newest_.find(account);
  if (newest == newest_.end()) return;
  for (auto at = newest->second; at != kNone && into.size() < limit; at = rows_[at].previous) {
    const Sequence sequence = rows_[at].sequence;
    if (sequence < first) return;
    if (sequence < before) into.push_back(sequence);
  }
}

std::string HistoryChunk::sorted_keys() const {
  std::vector<HistoryRow> sorted;
  sorted.reserve(rows_.size());
  for (const LinkedRow& row : rows_) sorted.push_back({row.account, row.sequence});
  std::sort(sorted.begin(), sorted.end(), [](const HistoryRow& a, const HistoryRow& b) {
    return a.account != b.account ? a.account < b.account : a.sequence > b.sequence;
  });
  std::string keys(sorted.size() * kKeyBytes, '\0');
  char* to = keys.data();
  for (const HistoryRow& row : sorted) to = put_key(to, row.account, row.sequence);
  return keys;
}

History::History(std::size_t chunk_rows, Sequence indexed)
    : chunk_rows_(std::max<std::size_t>(chunk_rows, 1)),
      filling_(std::make_shared<HistoryChunk>()),
      indexed_(indexed) {}

void History::push(std::span<const HistoryRow> rows, Sequence last) {
  const std::lock_guard lock(mutex_);
  const std::size_t before = filling_->size();
  for (const HistoryRow& row : rows) filling_->add(row);
  filling_->set_last(last);
  unindexed_ += filling_->size() - before;
  if (filling_->size() < chunk_rows_) return;
  full_.push_back(std::move(filling_));
  filling_ = std::make_shared<HistoryChunk>();
}

std::size_t History::unindexed() const {
  const std::lock_guard lock(mutex_);
  return unindexed_;
}

StoreResult<std::vector<Sequence>> History::find(const KeyValue& rows, AccountNumber account,
                                                 Sequence first, Sequence before,
                                                 std::size_t limit) const {
  std::vector<Sequence> found;
  std::vector<std::shared_ptr<const HistoryChunk>> full;
  Sequence indexed = 0;
  {
    const std::lock_guard lock(mutex_);
    filling_->collect(account, first, before, limit, found);
    full.assign(full_.rbegin(), full_.rend());
    indexed = indexed_;
  }
  for (const auto& chunk : full) {
    if (found.size() >= limit) break;
    chunk->collect(account, first, before, limit, found);
  }
  // What the chunks have is not read again from an index that may have overtaken us.
  const Sequence newest = std::min(indexed, before - 1);
  if (found.size() >= limit || before == 0 || newest < first) return found;

  std::string key(kKeyBytes, '\0');
  put_key(key.data(), account, newest);
  const auto cursor = rows.cursor(Family::history);
  for (cursor->seek(key); cursor->valid() && found.size() < limit; cursor->next()) {
    const auto at = cursor->key();
    if (at.size() != kKeyBytes || get_be32(at.data()) != account) break;
    const Sequence sequence = ~get_be64(at.data() + sizeof account);
    if (sequence < first) break;
    found.push_back(sequence);
  }
  if (auto status = cursor->status(); !status) return tl::unexpected(status.error());
  return found;
}

std::shared_ptr<const HistoryChunk> History::take_full(bool all) {
  const std::lock_guard lock(mutex_);
  if (full_.empty() && all && filling_->size() != 0) {
    full_.push_back(std::move(filling_));
    filling_ = std::make_shared<HistoryChunk>();
  }
  return full_.empty() ? nullptr : full_.front();
}

StoreResult<bool> History::index_some(KeyValue& rows, bool all) {
  const auto chunk = take_full(all);
  if (!chunk) return false;
  const std::string keys = chunk->sorted_keys();
  std::vector<KeyRow> entries(chunk->size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    entries[i].key = std::string_view(keys).substr(i * kKeyBytes, kKeyBytes);
  }
  if (auto ingested = rows.ingest(Family::history, entries); !ingested) {
    return tl::unexpected(ingested.error());
  }
  // Not synced: a watermark that is lost only makes the chunk be ingested again.
  if (auto written = write_meta(rows, kMetaIndexed, chunk->last(), false); !written) {
    return tl::unexpected(written.error());
  }
  const std::lock_guard lock(mutex_);
  indexed_ = chunk->last();
  unindexed_ -= chunk->size();
  full_.pop_front();
  return true;
}

}  // namespace sg::persistence
