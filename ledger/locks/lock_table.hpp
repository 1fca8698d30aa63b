// The escrow locks of one shard's accounts (O'Neil 1986, "The Escrow Transactional Method").
//
// An account keeps its balance, the sum of granted undecided debits (`held`) and of granted
// undecided credits (`incoming`). Requests on an account stand in one FIFO queue; only the head is
// judged:
// - a debit d is granted if balance - held - d >= floor: it holds however the undecided ones end;
// - refused if balance + incoming - d < floor: it cannot hold however they end;
// - left waiting otherwise. Credits mirror this against the int64 range.
// A name that is being created is a slot with an exclusive holder; requests on it queue behind. A
// participant's name may have many holders of its absence instead; its creation waits for them.
//
// Pure: the caller owns time and messages. Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "containers/huge_pages.hpp"
#include "containers/prefetch.hpp"
#include "ledger/ids.hpp"
#include "ledger/locks/lock_batch.hpp"
#include "ledger/money.hpp"

namespace sg::ledger {

// What the caller knows a lock request by: returned when a waiting one is decided.
struct LockOwner {
  LockBatch* batch = nullptr;
  std::uint32_t unit_part = 0;  // index into ShardPart::units
  std::uint32_t lock = 0;       // index into ShardPart::locks
};

struct Judgement {
  Vote vote = Vote::granted;
  Reason reason = Reason::internal;  // with `refused`
};

struct DecidedWaiter {
  LockOwner owner;
  Judgement judgement;
};

class LockTable {
 public:
  struct Account {
    Amount balance = 0;
    Amount floor = 0;
    // Each at most 2^64 - 1: bounded by the distance from floor to balance, and from balance to
    // max. Of a participant's name, which has no money: how many hold its absence.
    std::uint64_t held = 0;
    std::uint64_t incoming = 0;
    AccountNumber number = kNoAccount;
    std::uint32_t first_waiter = kNone;
    std::uint32_t last_waiter = kNone;
    bool exists = false;     // its creation is committed
    bool exclusive = false;  // its creation is undecided
  };

  // A slot for a name that does not exist yet; it may be created by an exclusive request.
  Slot add_name();
  // A slot for what exists.
  Slot add_existing(AccountNumber number, Amount balance, Amount floor);
  // Gives back a slot whose creation was aborted; true when nobody stands in its queue.
  bool vacant(Slot slot) const;
  void remove_name(Slot slot);

  const Account& at(Slot slot) const { return accounts_[slot]; }
  // Those of names that were given back included.
  std::size_t slots() const { return accounts_.size(); }
  // Asks for the memory of the slot, which may lie in two cache lines.
  void prefetch(Slot slot) const {
    const auto* account = &accounts_[slot];
    ledger::prefetch(account);
    ledger::prefetch(reinterpret_cast<const char*>(account + 1) - 1);
  }

  // Grants, refuses or queues. On `waiting`, `waiter` holds the place in the queue.
  Judgement request(Slot slot, LockMode mode, WideAmount amount, const LockOwner& owner,
                    std::uint32_t& waiter);
  // Ends a granted lock: with its amount applied, or without. Appends the waiters that this
  // decides.
  void commit(Slot slot, WideAmount amount, std::vector<DecidedWaiter>& decided);
  void abort(Slot slot, WideAmount amount, std::vector<DecidedWaiter>& decided);
  // Ends an exclusive lock.
  void commit_creation(Slot slot, AccountNumber number, Amount balance, Amount floor,
                       std::vector<DecidedWaiter>& decided);
  void abort_creation(Slot slot, std::vector<DecidedWaiter>& decided);
  // Ends a lock of `participant_absent`.
  void release_absence(Slot slot, std::vector<DecidedWaiter>& decided);
  // Takes a waiting request out of its queue.
  void leave(Slot slot, std::uint32_t waiter, std::vector<DecidedWaiter>& decided);

  std::size_t waiting() const { return waiting_; }

 private:
  struct Waiter {
    LockOwner owner;
    WideAmount amount = 0;
    std::uint32_t previous = kNone;
    std::uint32_t next = kNone;
    LockMode mode = LockMode::escrow;
  };

  static Judgement judge(const Account& account, LockMode mode, WideAmount amount);
  static void grant(Account& account, LockMode mode, WideAmount amount);
  static void release(Account& account, WideAmount amount);
  void unlink(Account& account, std::uint32_t waiter);
  void judge_queue(Account& account, std::vector<DecidedWaiter>& decided);

  std::vector<Account, HugePageAllocator<Account>> accounts_;
  std::vector<Slot> free_slots_;
  std::vector<Waiter> waiters_;
  std::vector<std::uint32_t> free_waiters_;
  std::size_t waiting_ = 0;
};

}  // namespace sg::ledger
