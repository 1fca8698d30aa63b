// The part of the shard's rules that takes over what the chain already has: at a start, and while
// another node of the cluster leads.
#include "ledger/invariant.hpp"
#include "ledger/locks/shard_ledger.hpp"

namespace sg::ledger {

void ShardLedger::load_account(std::string_view id, AccountNumber number, Amount balance,
                               const Policy& policy) {
  const Slot slot = table_.add_existing(number, balance, policy);
  invariant(accounts_.insert(id, slot), "an account is loaded whose name is taken");
  if (!notes_numbers_) return;
  if (number >= slots_.size()) slots_.resize(std::size_t{number} + 1, kNone);
  slots_[number] = slot;
}

void ShardLedger::load_participant(std::string_view id) {
  invariant(participants_.insert(id, table_.add_existing(kNoAccount, 0, Policy())),
            "a participant is loaded whose name is taken");
}

void ShardLedger::post(AccountNumber account, Amount amount) {
  const auto slot = noted_slot(account);
  if (slot == kNone) return;
  invariant(active_.empty(), "a shard follows while units are undecided here");
  keep_for_copies(slot);
  table_.post(slot, amount);
}

void ShardLedger::set_policy(AccountNumber account, const Policy& policy) {
  const auto slot = noted_slot(account);
  if (slot == kNone) return;
  invariant(active_.empty(), "a shard follows while units are undecided here");
  table_.set_policy(slot, policy);
}

}  // namespace sg::ledger
