// A unit that changes policies, and what a ledger that has to balance asks of every unit. The
// journal judges both: it has the balances and policies of all accounts, and nothing is undecided
// on an account that is locked exclusively.
//
//   if (auto refused = judge_policies(batch, unit, standing_of, require_balanced))
//   reject(*refused);
//   // otherwise batch.outcomes has what becomes of the accounts
//
// Pure functions of values.
#pragma once

#include <functional>
#include <optional>

#include "ledger/locks/lock_batch.hpp"

namespace sg::ledger {

// An account as it stands before the unit.
using StandingOf = std::function<Standing(AccountNumber)>;

// Judges the items of the unit in their order: each policy finds what the items before it left, and
// each entry finds the policy that is in force then. Bounds hold at the unit's end, as in every
// atomic batch. Fills the unit's place in batch.outcomes, or returns which item is to blame.
// `require_balanced`: of the ledger before the unit. Needs: the unit has a place there, and its
// accounts have their numbers.
std::optional<StateRefusal> judge_policies(LockBatch& batch, std::uint32_t unit,
                                           const StandingOf& standing_of, bool require_balanced);

// Whether one of its items is a policy of the whole ledger.
bool changes_ledger(const Unit& unit);

// ENTRIES_UNBALANCED of the first item that makes or takes away money, with `require_balanced`.
// Needs: the unit changes no policy.
std::optional<StateRefusal> check_balance(const Unit& unit);

}  // namespace sg::ledger
