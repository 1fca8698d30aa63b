// Escrow locks of one account: what is granted, refused and left waiting.
#include "ledger/locks/lock_table.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <utility>
#include <vector>

namespace sg::ledger {
namespace {

constexpr Amount kMax = std::numeric_limits<Amount>::max();
constexpr Amount kMin = std::numeric_limits<Amount>::min();

// One account, and its requests by the order in which they were made.
class Desk {
 public:
  Desk(Amount balance, Amount floor)
      : slot_(table.add_existing(7, balance, ledger::Policy{floor})) {}
  Desk(const Policy& policy, Amount balance) : slot_(table.add_existing(7, balance, policy)) {}
  explicit Desk(Slot slot) : slot_(slot) {}

  Vote ask(WideAmount amount) { return ask(LockMode::escrow, amount); }
  Vote ask(LockMode mode, WideAmount amount = 0) {
    const LockOwner owner{nullptr, static_cast<std::uint32_t>(waiters_.size()), 0};
    waiters_.push_back(kNone);
    last = table.request(slot_, mode, amount, owner, waiters_.back());
    return last.vote;
  }
  void commit(WideAmount amount) { table.commit(slot_, amount, decided_); }
  void abort(WideAmount amount) { table.abort(slot_, amount, decided_); }
  void leave(std::size_t request) { table.leave(slot_, waiters_[request], decided_); }
  void commit_creation(Amount balance, Amount floor) {
    table.commit_creation(slot_, 9, balance, ledger::Policy{floor}, decided_);
  }
  void commit_exclusive(Amount balance, const Policy& policy) {
    table.commit_exclusive(slot_, balance, policy, decided_);
  }
  void abort_exclusive() { table.abort_exclusive(slot_, decided_); }
  void abort_creation() { table.abort_creation(slot_, decided_); }

  using Decided = std::vector<std::pair<std::uint32_t, Vote>>;
  Decided decided() {
    Decided out;
    for (const auto& [owner, judgement] : std::exchange(decided_, {})) {
      out.emplace_back(owner.unit_part, judgement.vote);
      last = judgement;
    }
    return out;
  }
  const LockTable::Account& account() const { return table.at(slot_); }

  LockTable table;
  Judgement last;

 private:
  Slot slot_;
  std::vector<std::uint32_t> waiters_;
  std::vector<DecidedWaiter> decided_;
};

using Decided = Desk::Decided;

TEST_CASE("A debit is granted when it holds however the undecided ones end", "[ledger][locks]") {
  Desk desk(100, 10);
  CHECK(desk.ask(-40) == Vote::granted);
  CHECK(desk.ask(-50) == Vote::granted);
  CHECK(desk.account().held == 90);
  CHECK(desk.account().balance == 100);
  desk.commit(-40);
  desk.abort(-50);
  CHECK(desk.account().balance == 60);
  CHECK(desk.account().held == 0);
}

TEST_CASE("A debit against an undecided credit waits for it", "[ledger][locks]") {
  Desk desk(0, 0);
  CHECK(desk.ask(10) == Vote::granted);
  CHECK(desk.ask(-10) == Vote::waiting);
  SECTION("and is granted when the credit commits") {
    desk.commit(10);
    CHECK(desk.decided() == Decided{{1, Vote::granted}});
    CHECK(desk.account().held == 10);
  }
  SECTION("and is refused when the credit aborts") {
    desk.abort(10);
    CHECK(desk.decided() == Decided{{1, Vote::refused}});
    CHECK(desk.last.reason == Reason::insufficient_funds);
    CHECK(desk.account().held == 0);
  }
  CHECK(desk.table.waiting() == 0);
}

TEST_CASE("A debit that no outcome could pay is refused at once", "[ledger][locks]") {
  Desk desk(5, 0);
  CHECK(desk.ask(4) == Vote::granted);
  CHECK(desk.ask(-10) == Vote::refused);
  CHECK(desk.last.reason == Reason::insufficient_funds);
  CHECK(desk.ask(-9) == Vote::waiting);
}

TEST_CASE("Debits that only undecided debits stand against wait for them", "[ledger][locks]") {
  Desk desk(10, 0);
  CHECK(desk.ask(-8) == Vote::granted);
  CHECK(desk.ask(-5) == Vote::waiting);
  SECTION("refused when they commit") {
    desk.commit(-8);
    CHECK(desk.decided() == Decided{{1, Vote::refused}});
  }
  SECTION("granted when they abort") {
    desk.abort(-8);
    CHECK(desk.decided() == Decided{{1, Vote::granted}});
  }
}

TEST_CASE("Credits mirror debits against the int64 range", "[ledger][locks]") {
  Desk desk(kMax - 10, 0);
  CHECK(desk.ask(11) == Vote::refused);
  CHECK(desk.last.reason == Reason::balance_overflow);
  CHECK(desk.ask(3) == Vote::granted);
  CHECK(desk.ask(-5) == Vote::granted);
  CHECK(desk.ask(12) == Vote::waiting);
  desk.abort(3);
  CHECK(desk.decided().empty());
  SECTION("granted when the debit commits") {
    desk.commit(-5);
    CHECK(desk.decided() == Decided{{3, Vote::granted}});
  }
  SECTION("refused when the debit aborts") {
    desk.abort(-5);
    CHECK(desk.decided() == Decided{{3, Vote::refused}});
    CHECK(desk.last.reason == Reason::balance_overflow);
  }
}

TEST_CASE("Nobody overtakes the queue", "[ledger][locks]") {
  Desk desk(10, 0);
  CHECK(desk.ask(10) == Vote::granted);
  CHECK(desk.ask(-20) == Vote::waiting);
  CHECK(desk.ask(-1) == Vote::waiting);
  CHECK(desk.ask(1) == Vote::waiting);
  CHECK(desk.ask(-kMaxAmount) == Vote::waiting);
  CHECK(desk.table.waiting() == 4);
  desk.commit(10);
  // -20 takes all; -1 waits for it, and what comes after -1 waits too.
  CHECK(desk.decided() == Decided{{1, Vote::granted}});
  desk.abort(-20);
  CHECK(desk.decided() == Decided{{2, Vote::granted}, {3, Vote::granted}, {4, Vote::refused}});
  CHECK(desk.table.waiting() == 0);
}

TEST_CASE("When the head leaves, the next ones are judged", "[ledger][locks]") {
  Desk desk(0, 0);
  CHECK(desk.ask(10) == Vote::granted);
  CHECK(desk.ask(-10) == Vote::waiting);
  CHECK(desk.ask(-5) == Vote::waiting);
  CHECK(desk.ask(3) == Vote::waiting);
  CHECK(desk.ask(-50) == Vote::waiting);
  SECTION("the head: the next one is the head now") {
    desk.leave(1);
    CHECK(desk.decided().empty());
    desk.leave(2);
    CHECK(desk.decided() == Decided{{3, Vote::granted}, {4, Vote::refused}});
  }
  SECTION("another one: nothing is judged") {
    desk.leave(2);
    desk.leave(4);
    CHECK(desk.decided().empty());
    desk.commit(10);
    CHECK(desk.decided() == Decided{{1, Vote::granted}, {3, Vote::granted}});
  }
  CHECK(desk.table.waiting() == 0);
}

TEST_CASE("The ends of the range neither wrap nor refuse what fits", "[ledger][locks]") {
  const WideAmount whole = kMaxAmount - kMinAmount;
  SECTION("all of it debited") {
    Desk desk(kMax, kMin);
    CHECK(desk.ask(-whole) == Vote::granted);
    CHECK(desk.account().held == std::numeric_limits<std::uint64_t>::max());
    CHECK(desk.ask(-1) == Vote::waiting);
    desk.commit(-whole);
    CHECK(desk.decided() == Decided{{1, Vote::refused}});
    CHECK(desk.account().balance == kMin);
  }
  SECTION("all of it credited") {
    Desk desk(kMin, kMin);
    CHECK(desk.ask(whole) == Vote::granted);
    CHECK(desk.account().incoming == std::numeric_limits<std::uint64_t>::max());
    CHECK(desk.ask(1) == Vote::waiting);
    CHECK(desk.ask(-whole) == Vote::waiting);
    desk.commit(whole);
    CHECK(desk.account().balance == kMax);
    CHECK(desk.decided() == Decided{{1, Vote::refused}, {2, Vote::granted}});
  }
  SECTION("beyond it") {
    Desk desk(0, kMin);
    CHECK(desk.ask(kMinAmount) == Vote::granted);
    CHECK(desk.ask(-whole * 4096) == Vote::refused);
    CHECK(desk.ask(whole * 4096) == Vote::refused);
    CHECK(desk.ask(0) == Vote::granted);
  }
}

TEST_CASE("An exclusive lock is granted when nothing is undecided", "[ledger][locks]") {
  Desk desk(100, 0);
  // A lock that moves nothing counts as well.
  const auto amount = GENERATE(-5, 5, 0);
  CHECK(desk.ask(amount) == Vote::granted);
  CHECK(desk.ask(LockMode::exclusive) == Vote::waiting);
  CHECK(desk.ask(-1) == Vote::waiting);
  CHECK(desk.ask(LockMode::exclusive) == Vote::waiting);
  desk.commit(amount);
  CHECK(desk.decided() == Decided{{1, Vote::granted}});
  CHECK(desk.account().unmoved == 0);
  desk.commit_exclusive(100, Policy{0, 100, kDebits});
  CHECK(desk.decided() == Decided{{2, Vote::refused}, {3, Vote::granted}});
  CHECK(desk.last.vote == Vote::granted);
  desk.abort_exclusive();
  CHECK(desk.ask(1) == Vote::refused);
  CHECK(desk.last.reason == Reason::ceiling_exceeded);
  CHECK(desk.ask(-1) == Vote::refused);
  CHECK(desk.last.reason == Reason::account_frozen);
  CHECK(desk.ask(0) == Vote::granted);
}

TEST_CASE("Credits wait for debits that may make room below the ceiling", "[ledger][locks]") {
  Desk desk(Policy{0, 100}, 90);
  CHECK(desk.ask(-5) == Vote::granted);
  CHECK(desk.ask(15) == Vote::waiting);
  desk.commit(-5);
  CHECK(desk.decided() == Decided{{1, Vote::granted}});
  desk.commit(15);
  // Above its ceiling it can fall, and move nothing.
  Desk high(Policy{0, 100}, 150);
  CHECK(high.ask(-10) == Vote::granted);
  CHECK(high.ask(0) == Vote::granted);
  CHECK(high.ask(1) == Vote::refused);
  // Below its floor it can rise.
  Desk low(Policy{50}, 10);
  CHECK(low.ask(5) == Vote::granted);
  CHECK(low.ask(-1) == Vote::refused);
}

TEST_CASE("Requests on a name that is being created wait for it", "[ledger][locks]") {
  LockTable table;
  Desk desk(table.add_name());
  desk.table.add_name();
  CHECK(desk.ask(LockMode::create_account) == Vote::granted);
  CHECK(desk.ask(-5) == Vote::waiting);
  CHECK(desk.ask(LockMode::create_account) == Vote::waiting);
  CHECK(desk.ask(5) == Vote::waiting);
  SECTION("committed: they are served in order") {
    desk.commit_creation(4, -1);
    CHECK(desk.decided() == Decided{{1, Vote::granted}, {2, Vote::refused}, {3, Vote::granted}});
    CHECK(desk.account().number == 9);
    CHECK(desk.account().balance == 4);
  }
  SECTION("aborted: not found, until the second creation stands in the way") {
    desk.abort_creation();
    CHECK(desk.decided() == Decided{{1, Vote::refused}, {2, Vote::granted}});
    CHECK(desk.table.waiting() == 1);
    CHECK_FALSE(desk.table.vacant(0));
    desk.abort_creation();
    CHECK(desk.decided() == Decided{{3, Vote::refused}});
    CHECK(desk.last.reason == Reason::account_not_found);
    CHECK(desk.table.vacant(0));
  }
}

TEST_CASE("What exists is not created again, and is found", "[ledger][locks]") {
  Desk desk(0, 0);
  CHECK(desk.ask(LockMode::create_account) == Vote::refused);
  CHECK(desk.last.reason == Reason::account_exists);
  CHECK(desk.ask(LockMode::create_participant) == Vote::refused);
  CHECK(desk.last.reason == Reason::participant_exists);
  CHECK(desk.ask(LockMode::participant_exists) == Vote::granted);
}

TEST_CASE("A slot that was given back is used again, empty", "[ledger][locks]") {
  LockTable table;
  const auto slot = table.add_name();
  CHECK(table.vacant(slot));
  table.remove_name(slot);
  CHECK(table.add_existing(3, 5, ledger::Policy()) == slot);
  CHECK(table.at(slot).held == 0);
  CHECK_FALSE(table.vacant(slot));
}

}  // namespace
}  // namespace sg::ledger
