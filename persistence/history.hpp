// Which transactions touched an account: the newest from a tail in memory, older ones from an
// index that is written in bulk, off the journal's thread. Both hold durable records only.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "persistence/group_contents.hpp"
#include "persistence/key_value.hpp"

namespace sg::persistence {

// Postings of whole groups, in order. Rows of one account are linked from the newest back, so that
// a look-up costs only what it finds.
class HistoryChunk {
 public:
  // An account twice in one transaction is kept once.
  void add(const HistoryRow& row);
  void set_last(Sequence last) { last_ = last; }
  Sequence last() const { return last_; }
  std::size_t size() const { return rows_.size(); }
  // Appends the account's sequences in [first, before), newest first, until `into` has `limit`.
  void collect(AccountNumber account, Sequence first, Sequence before, std::size_t limit,
               std::vector<Sequence>& into) const;
  // The keys of all rows in the index, sorted, one after the other.
  std::string sorted_keys() const;

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  struct LinkedRow {
    AccountNumber account;
    std::uint32_t previous;  // of the same account
    Sequence sequence;
  };
  std::vector<LinkedRow> rows_;
  absl::flat_hash_map<AccountNumber, std::uint32_t> newest_;
  Sequence last_ = 0;  // the chunk has all up to it
};

// Thread-safe: one thread pushes, one indexes, any number read.
class History {
 public:
  // The index has everything up to `indexed`.
  History(std::size_t chunk_rows, Sequence indexed);

  // A durable group, which ends at `last`.
  void push(std::span<const HistoryRow> rows, Sequence last);
  std::size_t unindexed() const;

  // The account's sequences in [first, before), newest first, at most `limit`.
  StoreResult<std::vector<Sequence>> find(const KeyValue& rows, AccountNumber account,
                                          Sequence first, Sequence before, std::size_t limit) const;

  // Moves the oldest full chunk into the index; with `all` a part of one too. False when there was
  // nothing to move. A crash at any point is harmless: the chunk is built and ingested again.
  StoreResult<bool> index_some(KeyValue& rows, bool all);

 private:
  std::shared_ptr<const HistoryChunk> take_full(bool all);

  const std::size_t chunk_rows_;
  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<const HistoryChunk>> full_;  // oldest first
  std::shared_ptr<HistoryChunk> filling_;
  std::size_t unindexed_ = 0;
  Sequence indexed_ = 0;
};

}  // namespace sg::persistence
