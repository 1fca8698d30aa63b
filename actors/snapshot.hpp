// All balances at one durable sequence: as the journal has them and, for a verification, as each
// shard holds them. Journal and shards copy them in slices, each at its own pace.
#pragma once

#include <algorithm>
#include <caf/allowed_unsafe_message_type.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "actors/places.hpp"
#include "actors/query.hpp"
#include "ledger/locks/held_balances.hpp"
#include "persistence/chain/record.hpp"

namespace sg::actors {

struct Snapshot {
  QueryPtr query;
  Places::Place place;  // of the walk that the query is
  persistence::ChainHead head;
  std::shared_ptr<const std::vector<ledger::Amount>> balances;  // by account number
  // By shard. Null: it was not asked, or ended before its copy was whole.
  std::vector<std::shared_ptr<const ledger::HeldBalances>> held;
};

// A snapshot that the journal and the shards it has asked make together. With the last part `done`
// is called, on the thread that brought it. Thread-safe.
class SnapshotInMaking {
 public:
  // So much is copied at a time: 16,384 balances take some 30 us.
  static constexpr std::size_t kPagesOfSlice = 256;
  using Done = std::function<void(Snapshot)>;

  // Waits for the journal's part, and for those of shards with expect().
  SnapshotInMaking(Snapshot begun, Done done)
      : snapshot_(std::move(begun)),
        done_(std::move(done)),
        waits_for_(snapshot_.held.size(), false) {}
  SnapshotInMaking(const SnapshotInMaking&) = delete;
  SnapshotInMaking& operator=(const SnapshotInMaking&) = delete;

  // True when there is nothing to be made any more: the query was cancelled, which is its answer,
  // or the snapshot was handed on.
  bool is_over() {
    std::unique_lock lock(mutex_);
    if (!snapshot_.query || !snapshot_.query->cancelled) return !snapshot_.query;
    const auto dropped = std::exchange(snapshot_, {});
    done_ = nullptr;
    lock.unlock();
    dropped.query->drop_if_cancelled();
    return true;
  }
  // Needs: the journal's part is not there yet.
  void expect(std::size_t shard) {
    const std::lock_guard lock(mutex_);
    waits_for_[shard] = true;
  }
  void set_balances(std::vector<ledger::Amount> balances) {
    std::unique_lock lock(mutex_);
    if (!snapshot_.query) return;
    snapshot_.balances = std::make_shared<const std::vector<ledger::Amount>>(std::move(balances));
    finish(lock);
  }
  // Heeded once: a shard that was given up may still bring its part.
  void set_held(std::size_t shard, ledger::HeldBalances held) {
    end_part(shard, std::make_shared<const ledger::HeldBalances>(std::move(held)));
  }
  // The shard is gone, or hangs: its part is left out.
  void give_up(std::size_t shard) { end_part(shard, nullptr); }

 private:
  void end_part(std::size_t shard, std::shared_ptr<const ledger::HeldBalances> held) {
    std::unique_lock lock(mutex_);
    if (!waits_for_[shard] || !snapshot_.query) return;
    waits_for_[shard] = false;
    snapshot_.held[shard] = std::move(held);
    finish(lock);
  }
  void finish(std::unique_lock<std::mutex>& lock) {
    const bool waits = std::find(waits_for_.begin(), waits_for_.end(), true) != waits_for_.end();
    if (waits || !snapshot_.balances || !done_) return;
    auto whole = std::exchange(snapshot_, {});
    const auto done = std::exchange(done_, nullptr);
    lock.unlock();
    done(std::move(whole));
  }

  std::mutex mutex_;   // guards what follows
  Snapshot snapshot_;  // without a query once it is over
  Done done_;
  std::vector<bool> waits_for_;  // by shard
};

using SnapshotInMakingPtr = std::shared_ptr<SnapshotInMaking>;

// To itself, of an actor that makes a copy: copy the next slice.
struct CopySlice {};

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::CopySlice)
