// The escrow locks of one shard's accounts (Patrick O'Neil, "The Escrow Transactional Method",
// 1986). An account can be locked by many undecided transfers at once, as long as none of their
// outcomes can take its balance out of its range.
//
// An account keeps its balance, the sum of granted undecided debits (`held`), and the sum of
// granted undecided credits (`incoming`). Requests on an account stand in one FIFO queue. Only the
// head is judged. A debit d is
// - granted if balance - held - d >= floor: it holds however the undecided ones end;
// - refused if balance + incoming - d < floor: it cannot hold however they end;
// - left waiting otherwise, and judged again when an undecided one ends.
//
// Credits mirror this against the ceiling, which is the highest int64 if the account has none. A
// policy that changes locks its account exclusively: it is granted when nothing is undecided there,
// and other requests queue behind it. Frozen sides and closed accounts refuse. A name that is being
// created is a slot with an exclusive holder, and other requests on it queue behind. Any number of
// holders may share the absence of a participant's name; the creation of that participant waits for
// all of them.
//
//   auto judgement = table.request(slot, LockMode::escrow, -500, owner, waiter);
//   if (judgement.vote == Vote::granted) table.commit(slot, -500, decided);
//
// Concurrency: not thread-safe; one shard owns the table. Operation: the caller has time and
// messages. Each granted lock must be ended exactly once, with the amount that it was requested
// with.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <vector>

#include "containers/huge_pages.hpp"
#include "containers/prefetch.hpp"
#include "ledger/ids.hpp"
#include "ledger/locks/lock_batch.hpp"
#include "ledger/money.hpp"

namespace sg::ledger {

// How the caller finds the unit of a lock request. The table returns it when a waiting request is
// decided.
struct LockOwner {
  LockBatch* batch = nullptr;
  std::uint32_t unit_part = 0;  // index into ShardPart::units
  std::uint32_t lock = 0;       // index into ShardPart::locks
};

// The verdict on one request.
struct Judgement {
  Vote vote = Vote::granted;
  Reason reason = Reason::internal;  // with `refused`
};

// A request that waited, left its queue, and was granted or refused.
struct DecidedWaiter {
  LockOwner owner;
  Judgement judgement;
};

class LockTable {
 public:
  // The lock state of one name: an account's, or a participant's.
  struct Account {
    Amount balance = 0;
    Amount floor = 0;
    // Each is at most 2^64 - 1: `held` is bounded by the distance from floor to balance, `incoming`
    // by the distance from balance to the highest int64. For a participant's name, which has no
    // money, `held` counts the locks of `participant_absent`.
    std::uint64_t held = 0;
    std::uint64_t incoming = 0;
    AccountNumber number = kNoAccount;
    std::uint32_t first_waiter = kNone;  // the head of the queue; kNone: nobody waits
    std::uint32_t last_waiter = kNone;
    std::uint32_t flags : 8 = 0;
    // Granted locks that move nothing: neither `held` nor `incoming` shows them. More than 2^24
    // requests do not fit into memory.
    std::uint32_t unmoved : 24 = 0;

    bool exists() const { return (flags & kExists) != 0; }
  };
  // An account that exists, is not locked exclusively and has a plain policy has one value of its
  // flags, so that the frequent case takes one comparison.
  static constexpr std::uint8_t kExists = 1;     // its creation is committed
  static constexpr std::uint8_t kExclusive = 2;  // its creation, or a policy of it, is undecided
  static constexpr std::uint8_t kSpecial = 4;    // policies_ has more than its floor

  // Takes a slot for a name that does not exist yet. A granted creation may make it exist.
  Slot add_name();
  // Takes a slot for an account or participant that exists.
  Slot add_existing(AccountNumber number, Amount balance, const Policy& policy);
  // True when the slot's name does not exist, nobody holds a lock on it, and nobody waits.
  bool vacant(Slot slot) const;
  // Gives the slot back for another name. Needs: vacant(slot).
  void remove_name(Slot slot);

  const Account& at(Slot slot) const { return accounts_[slot]; }
  Policy policy_of(Slot slot) const {
    const auto& account = accounts_[slot];
    return (account.flags & kSpecial) == 0 ? Policy{account.floor} : policies_.find(slot)->second;
  }
  // All slots, including those that were given back.
  std::size_t slots() const { return accounts_.size(); }
  // Asks the processor for the slot's memory. It may lie in two cache lines, so both are asked for.
  void prefetch(Slot slot) const {
    const auto* account = &accounts_[slot];
    ledger::prefetch(account);
    ledger::prefetch(reinterpret_cast<const char*>(account + 1) - 1);
  }

  // Requests a lock. Grants or refuses it at once, or queues it. Then the vote is `waiting`, and
  // `waiter` is its place among the waiters. `amount` is the net of a unit on the account, 0 for
  // other modes. `sides`: those that the unit has entries on.
  Judgement request(Slot slot, LockMode mode, WideAmount amount, std::uint8_t sides,
                    const LockOwner& owner, std::uint32_t& waiter);
  Judgement request(Slot slot, LockMode mode, WideAmount amount, const LockOwner& owner,
                    std::uint32_t& waiter) {
    return request(slot, mode, amount, side_of(amount), owner, waiter);
  }
  // End a granted escrow lock: commit() applies its amount to the balance, abort() does not. Both
  // append the waiters that this decides to `decided`.
  void commit(Slot slot, WideAmount amount, std::vector<DecidedWaiter>& decided);
  void abort(Slot slot, WideAmount amount, std::vector<DecidedWaiter>& decided);
  // Adds to the balance of an account on which nobody holds a lock. Two's complement: within a unit
  // the balance may pass the int64 range.
  void post(Slot slot, Amount amount) {
    auto& balance = accounts_[slot].balance;
    balance = static_cast<Amount>(static_cast<std::uint64_t>(balance) +
                                  static_cast<std::uint64_t>(amount));
  }
  // The policy of an account on which nobody holds a lock, or of one that was loaded just now.
  void set_policy(Slot slot, const Policy& policy);
  // End the exclusive lock of an account that exists. Both append decided waiters.
  void commit_exclusive(Slot slot, Amount balance, const Policy& policy,
                        std::vector<DecidedWaiter>& decided);
  void abort_exclusive(Slot slot, std::vector<DecidedWaiter>& decided);
  // End the exclusive lock of a creation: the name exists from now on, or it does not. Both append
  // decided waiters.
  void commit_creation(Slot slot, AccountNumber number, Amount balance, const Policy& policy,
                       std::vector<DecidedWaiter>& decided);
  void abort_creation(Slot slot, std::vector<DecidedWaiter>& decided);
  // Ends a lock of `participant_absent`, and appends decided waiters.
  void release_absence(Slot slot, std::vector<DecidedWaiter>& decided);
  // Takes a waiting request out of its queue. If it was the head, the next ones are judged.
  void leave(Slot slot, std::uint32_t waiter, std::vector<DecidedWaiter>& decided);

  // Requests in the queues of all accounts.
  std::size_t waiting() const { return waiting_; }

 private:
  // A request in an account's queue, which is a doubly linked list of indexes into waiters_.
  struct Waiter {
    LockOwner owner;
    WideAmount amount = 0;
    std::uint32_t previous = kNone;
    std::uint32_t next = kNone;
    LockMode mode = LockMode::escrow;
    std::uint8_t sides = kNoSide;
  };

  // The rules: what the verdict on a request would be if it were the head of the queue.
  Judgement judge(Slot slot, LockMode mode, WideAmount amount, std::uint8_t sides) const;
  static Judgement judge_name(const Account& account, LockMode mode);
  // Of a debit or credit, as far as the bounds say.
  static Judgement judge_bounds(const Account& account, WideAmount amount, Amount ceiling);
  // Notes a granted lock in the account.
  static void grant(Account& account, LockMode mode, WideAmount amount);
  // Takes an escrow lock out of `held` or `incoming`.
  static void release(Account& account, WideAmount amount);
  void unlink(Account& account, std::uint32_t waiter);
  // Decides waiters from the head on, until one has to go on waiting.
  void judge_queue(Slot slot, std::vector<DecidedWaiter>& decided);

  std::vector<Account, HugePageAllocator<Account>> accounts_;
  absl::flat_hash_map<Slot, Policy> policies_;  // of accounts with kSpecial
  std::vector<Slot> free_slots_;                // given back, for add_name() to use again
  std::vector<Waiter> waiters_;
  std::vector<std::uint32_t> free_waiters_;
  std::size_t waiting_ = 0;
};

}  // namespace sg::ledger
