// Fairness: a request is judged at once only if its account's queue is empty. Otherwise it queues
// behind the others, even if it could be granted now. So no stream of small requests can overtake a
// large one for ever.
//
// No deadlock can form here: the coordinator requests locks in the order of its units, so a unit
// waits for earlier ones only.
//
// The faults in this file are compiled into tests only. They prove that the tests find such bugs.
#include "ledger/locks/lock_table.hpp"

#include "faults/fault_injection.hpp"
#include "ledger/invariant.hpp"

namespace sg::ledger {

// Slots are never given back to the system: those of names that went are used again first.
Slot LockTable::add_name() {
  if (!free_slots_.empty()) {
    const Slot slot = free_slots_.back();
    free_slots_.pop_back();
    accounts_[slot] = Account{};
    return slot;
  }
  accounts_.emplace_back();
  return static_cast<Slot>(accounts_.size() - 1);
}

Slot LockTable::add_existing(AccountNumber number, Amount balance, const Policy& policy) {
  const Slot slot = add_name();
  auto& account = accounts_[slot];
  account.number = number;
  account.balance = balance;
  account.flags = kExists;
  set_policy(slot, policy);
  return slot;
}

void LockTable::set_policy(Slot slot, const Policy& policy) {
  auto& account = accounts_[slot];
  account.floor = policy.floor;
  if (!policy.is_plain()) {
    account.flags |= kSpecial;
    policies_.insert_or_assign(slot, policy);
  } else if ((account.flags & kSpecial) != 0) {
    account.flags &= ~std::uint32_t{kSpecial};
    policies_.erase(slot);
  }
}

// `incoming` need not be looked at: a name without an account has no credits.
bool LockTable::vacant(Slot slot) const {
  const auto& account = accounts_[slot];
  return account.flags == 0 && account.held == 0 && account.first_waiter == kNone;
}

void LockTable::remove_name(Slot slot) { free_slots_.push_back(slot); }

Judgement LockTable::judge(Slot slot, LockMode mode, WideAmount amount, std::uint8_t sides) const {
  const auto& account = accounts_[slot];
  if (mode == LockMode::escrow && account.flags == kExists) {
    return judge_bounds(account, amount, Policy().ceiling);
  }
  // Undecided: nothing can be said before it is decided.
  if ((account.flags & kExclusive) != 0) return {Vote::waiting};
  if (mode != LockMode::escrow && mode != LockMode::exclusive) return judge_name(account, mode);
  if (!account.exists()) return {Vote::refused, Reason::account_not_found};
  if (mode == LockMode::exclusive) {
    const bool is_free = account.held == 0 && account.incoming == 0 && account.unmoved == 0;
    const bool may_have = is_free || faults::has(faults::Defect::exclusive_early);
    return {may_have ? Vote::granted : Vote::waiting};
  }
  const auto& policy = policies_.find(slot)->second;
  if (const auto reason = state_problem(policy, sides)) return {Vote::refused, *reason};
  return judge_bounds(account, amount, policy.ceiling);
}

Judgement LockTable::judge_name(const Account& account, LockMode mode) {
  switch (mode) {
    case LockMode::create_account:
      if (account.exists()) return {Vote::refused, Reason::account_exists};
      // A free name: the creation holds it exclusively until it is decided.
      return {Vote::granted};
    case LockMode::create_participant:
      if (account.exists()) return {Vote::refused, Reason::participant_exists};
      // The creation of a participant waits for those who rely on its absence.
      return {account.held > 0 ? Vote::waiting : Vote::granted};
    case LockMode::participant_exists:
      if (!account.exists()) return {Vote::refused, Reason::participant_not_found};
      return {Vote::granted};
    case LockMode::participant_absent:
      if (account.exists()) return {Vote::refused, Reason::reserved_id};
      return {Vote::granted};
    case LockMode::escrow:
    case LockMode::exclusive:
      break;
  }
  return {Vote::refused, Reason::internal};
}

Judgement LockTable::judge_bounds(const Account& account, WideAmount amount, Amount ceiling) {
  const WideAmount balance = account.balance;
  const WideAmount held = account.held;
  const WideAmount incoming = account.incoming;
  if (amount < 0) {
    // The worst outcome for a debit: all undecided debits commit, and no undecided credit does.
    if (balance - held + amount >= account.floor) return {Vote::granted};
    // The best outcome for it: all undecided credits commit, and no undecided debit does.
    if (balance + incoming + amount < account.floor) {
      return {Vote::refused, Reason::insufficient_funds};
    }
    return {Vote::waiting};
  }
  // A credit mirrors that. Its worst outcome is that all undecided credits commit.
  if (balance + incoming + amount <= ceiling) return {Vote::granted};
  // What moves nothing raises no balance, even if that is above the ceiling.
  if (amount == 0) return {Vote::granted};
  // Its best outcome is that all undecided debits commit.
  if (balance - held + amount <= ceiling) return {Vote::waiting};
  return {Vote::refused,
          ceiling == kMaxAmount ? Reason::balance_overflow : Reason::ceiling_exceeded};
}

// `participant_exists` moves nothing either, and nothing waits for it: a participant never ceases
// to exist.
void LockTable::grant(Account& account, LockMode mode, WideAmount amount) {
  if (faults::has(faults::Defect::release_before_vote)) return;
  if (mode == LockMode::exclusive || mode == LockMode::create_account ||
      mode == LockMode::create_participant) {
    account.flags |= kExclusive;
  } else if (mode == LockMode::participant_absent) {
    ++account.held;
  } else if (amount < 0) {
    account.held += static_cast<std::uint64_t>(-amount);
  } else if (amount > 0) {
    account.incoming += static_cast<std::uint64_t>(amount);
  } else {
    ++account.unmoved;
  }
}

void LockTable::release(Account& account, WideAmount amount) {
  if (faults::has(faults::Defect::release_before_vote)) return;
  // The pair of grant(): what is released was granted before.
  if (amount < 0) {
    const auto debit = static_cast<std::uint64_t>(-amount);
    invariant(account.held >= debit, "a debit is released that was not granted");
    account.held -= debit;
  } else if (amount == 0) {
    invariant(account.unmoved > 0, "a lock is released that was not granted");
    --account.unmoved;
  } else {
    const auto credit = static_cast<std::uint64_t>(amount);
    invariant(account.incoming >= credit, "a credit is released that was not granted");
    account.incoming -= credit;
  }
}

Judgement LockTable::request(Slot slot, LockMode mode, WideAmount amount, std::uint8_t sides,
                             const LockOwner& owner, std::uint32_t& waiter) {
  auto& account = accounts_[slot];
  if (account.first_waiter == kNone) {
    const auto judgement = judge(slot, mode, amount, sides);
    if (judgement.vote == Vote::granted) grant(account, mode, amount);
    if (judgement.vote != Vote::waiting) return judgement;
  }
  // It has to wait: append it to the account's queue.
  if (free_waiters_.empty()) {
    waiter = static_cast<std::uint32_t>(waiters_.size());
    waiters_.emplace_back();
  } else {
    waiter = free_waiters_.back();
    free_waiters_.pop_back();
  }
  waiters_[waiter] = {owner, amount, account.last_waiter, kNone, mode, sides};
  // The planted defect: a request that is told to wait, and forgotten.
  if (faults::has(faults::Defect::drop_waiter)) return {Vote::waiting};
  if (account.last_waiter == kNone) {
    account.first_waiter = waiter;
  } else {
    waiters_[account.last_waiter].next = waiter;
  }
  account.last_waiter = waiter;
  ++waiting_;
  return {Vote::waiting};
}

void LockTable::unlink(Account& account, std::uint32_t waiter) {
  const auto& node = waiters_[waiter];
  // Each neighbour, or the end of the queue in its place, now points past the node.
  (node.previous == kNone ? account.first_waiter : waiters_[node.previous].next) = node.next;
  (node.next == kNone ? account.last_waiter : waiters_[node.next].previous) = node.previous;
  free_waiters_.push_back(waiter);
  --waiting_;
}

void LockTable::judge_queue(Slot slot, std::vector<DecidedWaiter>& decided) {
  auto& account = accounts_[slot];
  while (account.first_waiter != kNone) {
    // FIFO: the first waiter that cannot be decided keeps all those behind it waiting.
    const auto head = account.first_waiter;
    const auto& node = waiters_[head];
    const auto judgement = judge(slot, node.mode, node.amount, node.sides);
    if (judgement.vote == Vote::waiting) return;
    if (judgement.vote == Vote::granted) grant(account, node.mode, node.amount);
    decided.push_back({node.owner, judgement});
    unlink(account, head);
  }
}

void LockTable::commit(Slot slot, WideAmount amount, std::vector<DecidedWaiter>& decided) {
  auto& account = accounts_[slot];
  release(account, amount);
  const auto after = account.balance + amount;
  // The grant was given for the worst outcome of all other undecided requests.
  invariant(fits(after), "a granted lock takes a balance out of the int64 range");
  account.balance = static_cast<Amount>(after);
  if (faults::has(faults::Defect::apply_twice)) {
    account.balance = static_cast<Amount>(account.balance + amount);
  }
  judge_queue(slot, decided);
}

// A freed debit may let a waiting debit in, and a freed credit a waiting credit.
void LockTable::abort(Slot slot, WideAmount amount, std::vector<DecidedWaiter>& decided) {
  auto& account = accounts_[slot];
  release(account, amount);
  if (!faults::has(faults::Defect::wake_nobody)) judge_queue(slot, decided);
}

void LockTable::commit_exclusive(Slot slot, Amount balance, const Policy& policy,
                                 std::vector<DecidedWaiter>& decided) {
  auto& account = accounts_[slot];
  account.balance = balance;
  account.flags &= ~std::uint32_t{kExclusive};
  set_policy(slot, policy);
  judge_queue(slot, decided);
}

void LockTable::abort_exclusive(Slot slot, std::vector<DecidedWaiter>& decided) {
  accounts_[slot].flags &= ~std::uint32_t{kExclusive};
  judge_queue(slot, decided);
}

void LockTable::commit_creation(Slot slot, AccountNumber number, Amount balance,
                                const Policy& policy, std::vector<DecidedWaiter>& decided) {
  auto& account = accounts_[slot];
  account.number = number;
  account.balance = balance;
  // Only now do waiting requests on the new name find it.
  account.flags = kExists;
  set_policy(slot, policy);
  judge_queue(slot, decided);
}

// The name may be requested again: waiters find that it does not exist.
void LockTable::abort_creation(Slot slot, std::vector<DecidedWaiter>& decided) {
  accounts_[slot].flags &= ~std::uint32_t{kExclusive};
  judge_queue(slot, decided);
}

void LockTable::release_absence(Slot slot, std::vector<DecidedWaiter>& decided) {
  if (!faults::has(faults::Defect::release_before_vote)) --accounts_[slot].held;
  judge_queue(slot, decided);
}

void LockTable::leave(Slot slot, std::uint32_t waiter, std::vector<DecidedWaiter>& decided) {
  auto& account = accounts_[slot];
  const bool was_head = account.first_waiter == waiter;
  unlink(account, waiter);
  // Only the head holds others up: a request that leaves from the middle decides nothing.
  if (was_head) judge_queue(slot, decided);
}

}  // namespace sg::ledger
