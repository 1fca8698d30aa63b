// The log as the Raft core reads it: what is stored, and over it the entries of late. Those are the
// entries whose write is under way, and as many stored ones as are likely to be asked for.
//
// Concurrency: one thread at a time, but for StoredLog.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "replication/raft_core.hpp"

namespace sg::replication {

// The entries on disk. May be asked for entries whose write is done only, so that reading needs no
// order with the writes that are under way. A failed read throws.
class StoredLog {
 public:
  virtual ~StoredLog() = default;
  // The index before the first entry, and its term. 0 and 0: nothing was before.
  virtual Index base() const = 0;
  virtual Term base_term() const = 0;
  // base() if there is no entry.
  virtual Index last_index() const = 0;
  // The entries [low, high), fewer if their data would be more than `max_bytes`, but not none.
  // Without bodies.
  virtual std::vector<Entry> read(Index low, Index high, std::uint64_t max_bytes) const = 0;
  // How many bytes go over the network with the entry, its body among them.
  virtual std::uint64_t bytes_to_send(const Entry& entry) const = 0;
};

class RecentLog final : public RaftLog {
 public:
  explicit RecentLog(const StoredLog& stored);

  // Replaces all from the first one's index on. They belong to the write of that number; numbers
  // rise.
  void append(const std::vector<Entry>& entries, std::uint64_t write);
  // All writes up to `write` are done.
  void stored(std::uint64_t write);
  // Gives the entries the bodies that are in memory.
  void join_bodies(std::vector<Entry>& entries) const;

  // Of bodies whose write is not done.
  std::size_t unstored_bytes() const { return unstored_bytes_; }
  // How many entries are in memory.
  std::size_t kept() const { return recent_.size(); }

  Index first_index() const override { return stored_.base() + 1; }
  Index last_index() const override;
  Term term(Index index) const override;
  std::vector<Entry> entries(Index low, Index high, std::uint64_t max_bytes,
                             bool for_sending) const override;

 private:
  struct Recent {
    Entry entry;
    std::uint64_t write;  // that stores it; 0: it is stored
  };
  // Of the stored entries, so many are kept, and so many bytes of their bodies.
  static constexpr std::size_t kKept = 4096;
  static constexpr std::size_t kBodyBytesKept = 32U << 20;

  bool is_recent(Index index) const {
    return !recent_.empty() && index >= recent_.front().entry.index;
  }
  const Entry& recent(Index index) const {
    return recent_[index - recent_.front().entry.index].entry;
  }

  const StoredLog& stored_;
  Index stored_last_;              // before the first recent entry, all up to here is stored
  std::deque<Recent> recent_;      // indexes without a gap, up to the last
  std::size_t stored_recent_ = 0;  // the first so many of them are stored
  std::size_t without_body_ = 0;   // the first so many of those have lost their body
  std::size_t body_bytes_ = 0;     // of the stored ones
  std::size_t unstored_bytes_ = 0;
};

}  // namespace sg::replication
