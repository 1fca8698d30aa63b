#include "replication/recent_log.hpp"

#include <algorithm>

#include "ledger/invariant.hpp"

namespace sg::replication {

namespace {

std::size_t body_bytes_of(const Entry& entry) { return entry.body ? entry.body->size() : 0; }

}  // namespace

RecentLog::RecentLog(const StoredLog& stored)
    : stored_(stored), stored_last_(stored.last_index()) {}

void RecentLog::append(const std::vector<Entry>& entries, std::uint64_t write) {
  if (entries.empty()) return;
  const Index first = entries.front().index;
  while (!recent_.empty() && recent_.back().entry.index >= first) {
    if (recent_.size() <= stored_recent_) {
      body_bytes_ -= body_bytes_of(recent_.back().entry);
      --stored_recent_;
    } else {
      unstored_bytes_ -= body_bytes_of(recent_.back().entry);
    }
    recent_.pop_back();
  }
  without_body_ = std::min(without_body_, stored_recent_);
  // What is stored from `first` on stays where it is until the write is done. It is not read again:
  // the new entries stand before it.
  if (recent_.empty()) stored_last_ = std::min(stored_last_, first - 1);
  for (const Entry& entry : entries) {
    ledger::invariant(entry.index == last_index() + 1, "entries of the log follow one another");
    unstored_bytes_ += body_bytes_of(entry);
    recent_.push_back({entry, write});
  }
}

void RecentLog::stored(std::uint64_t write) {
  while (stored_recent_ < recent_.size() && recent_[stored_recent_].write <= write) {
    body_bytes_ += body_bytes_of(recent_[stored_recent_].entry);
    unstored_bytes_ -= body_bytes_of(recent_[stored_recent_].entry);
    ++stored_recent_;
  }
  for (; body_bytes_ > kBodyBytesKept; ++without_body_) {
    Entry& oldest = recent_[without_body_].entry;
    body_bytes_ -= body_bytes_of(oldest);
    oldest.body = nullptr;
  }
  for (; stored_recent_ > kKept; --stored_recent_) {
    body_bytes_ -= body_bytes_of(recent_.front().entry);
    if (without_body_ > 0) --without_body_;
    stored_last_ = recent_.front().entry.index;
    recent_.pop_front();
  }
}

void RecentLog::join_bodies(std::vector<Entry>& entries) const {
  for (Entry& entry : entries) {
    if (is_recent(entry.index) && recent(entry.index) == entry) {
      entry.body = recent(entry.index).body;
    }
  }
}

Index RecentLog::last_index() const {
  return recent_.empty() ? stored_last_ : recent_.back().entry.index;
}

Term RecentLog::term(Index index) const {
  if (is_recent(index)) return recent(index).term;
  if (index == stored_.base()) return stored_.base_term();
  return stored_.read(index, index + 1, 0).front().term;
}

std::vector<Entry> RecentLog::entries(Index low, Index high, std::uint64_t max_bytes,
                                      bool for_sending) const {
  std::vector<Entry> result;
  std::uint64_t bytes = 0;
  // Returns false once the entry does not fit any more.
  const auto add = [&](Entry entry) {
    bytes += for_sending ? stored_.bytes_to_send(entry) : entry.data.size();
    if (!result.empty() && bytes > max_bytes) return false;
    result.push_back(std::move(entry));
    return true;
  };
  if (!is_recent(low)) {
    const Index end = recent_.empty() ? high : std::min(high, recent_.front().entry.index);
    for (Entry& entry : stored_.read(low, end, max_bytes)) {
      if (!add(std::move(entry))) return result;
    }
    if (low + result.size() < end) return result;
  }
  for (Index index = low + result.size(); index < high; ++index) {
    if (!add(recent(index))) break;
  }
  return result;
}

}  // namespace sg::replication
