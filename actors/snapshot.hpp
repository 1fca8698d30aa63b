// All balances at one durable sequence: as the journal has them and, for a verification, as each
// shard holds them. Journal and shards copy them in slices, each at its own pace.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "actors/places.hpp"
#include "actors/query.hpp"
#include "ledger/held_balances.hpp"
#include "persistence/record.hpp"

namespace sg::actors {

struct Snapshot {
  QueryPtr query;
  Places::Place place;  // of the walk that the query is
  persistence::ChainHead head;
  std::shared_ptr<const std::vector<ledger::Amount>> balances;  // by account number
  // By shard. Nothing of a shard that was not asked, or ended before its copy was whole.
  std::vector<std::optional<ledger::HeldBalances>> held;
};

// Who copies a part of the snapshot keeps a pointer to it. With the last pointer `done` is called,
// unless the journal's part is missing: so nobody waits for an actor that died. Each part is
// written by its own actor, no two write the same.
class SnapshotInMaking {
 public:
  // So much is copied at a time: 16,384 balances take some 30 us.
  static constexpr std::size_t kPagesOfSlice = 256;
  using Done = std::function<void(Snapshot)>;

  SnapshotInMaking(Snapshot begun, Done done)
      : snapshot_(std::move(begun)), done_(std::move(done)) {}
  SnapshotInMaking(const SnapshotInMaking&) = delete;
  SnapshotInMaking& operator=(const SnapshotInMaking&) = delete;
  ~SnapshotInMaking() {
    if (snapshot_.balances) done_(std::move(snapshot_));
  }

  Query& query() const { return *snapshot_.query; }
  void set_balances(std::vector<ledger::Amount> balances) {
    snapshot_.balances = std::make_shared<const std::vector<ledger::Amount>>(std::move(balances));
  }
  void set_held(std::size_t shard, ledger::HeldBalances held) {
    snapshot_.held[shard] = std::move(held);
  }

 private:
  Snapshot snapshot_;
  Done done_;
};

using SnapshotInMakingPtr = std::shared_ptr<SnapshotInMaking>;

}  // namespace sg::actors
