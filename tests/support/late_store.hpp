// A store that makes groups durable later: they wait until a test completes them, one by one and in
// order, as groups of a replicated log wait for other nodes.
//
//   LateStore store(memory_store());
//   store.append(std::move(group), told);   // nullopt: it waits
//   store.complete_one();                   // calls `told`
#pragma once

#include <deque>
#include <memory>

#include "persistence/chain/group_contents.hpp"
#include "tests/support/forwarding_store.hpp"

namespace sg::test {

class LateStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  std::size_t under_way() const { return waiting_.size(); }
  // Writes the oldest group that waits, and tells its owner; of a failure too when the store below
  // throws, as it does at a fault point. Needs under_way() > 0.
  void complete_one();

  persistence::Group begin_group(ledger::TimeMs now, std::int64_t run_ms) override;
  std::optional<persistence::StoreResult<void>> append(persistence::Group group,
                                                       Appended later) override;
  void end_under_way() override;
  persistence::StoreResult<void> reopen() override;

 private:
  struct Waiting {
    std::unique_ptr<persistence::GroupContents> group;
    Appended later;
  };
  // Its last is the newest.
  std::deque<Waiting> waiting_;
};

}  // namespace sg::test
