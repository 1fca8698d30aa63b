// The limits of an account, and what a command asks to change of them. An account has a floor and
// perhaps a ceiling, either of its sides may be frozen, and it may be closed.
//
//   if (auto error = check(change)) return *error;                  // what needs no account
//   if (auto refused = apply(change, standing)) return *refused;    // else the standing is changed
//
// The promise of a floor: what lowers a balance leaves it at or above the floor. A ceiling mirrors
// that. So a balance may lie outside of its bounds, if they were moved past it.
//
// Plain values and pure functions: thread-safe.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "ledger/error.hpp"
#include "ledger/ids.hpp"
#include "ledger/money.hpp"

namespace sg::ledger {

// The sides of an account that a unit has entries on.
enum Sides : std::uint8_t { kNoSide = 0, kDebits = 1, kCredits = 2 };
constexpr std::uint8_t side_of(WideAmount amount) { return amount < 0 ? kDebits : kCredits; }

// In force on one account.
struct Policy {
  Amount floor = 0;
  Amount ceiling = static_cast<Amount>(kMaxAmount);  // the highest amount: there is none
  std::uint8_t frozen = kNoSide;                     // Sides
  bool closed = false;

  bool has_ceiling() const { return ceiling != kMaxAmount; }
  // It has a floor and nothing else.
  bool is_plain() const { return !has_ceiling() && frozen == kNoSide && !closed; }
  bool operator==(const Policy&) const = default;
};

// Of those accounts that ever had another policy than the floor that they were created with.
using Policies = absl::flat_hash_map<AccountNumber, Policy>;

// An account as a unit finds it.
struct Standing {
  WideAmount balance = 0;
  Policy policy;
};

// The numbers are those of the wire and of the store, so they never change.
enum class AccountStatus : std::uint8_t { unspecified = 0, open = 1, closed = 2 };
inline constexpr int kLastAccountStatus = 2;

inline constexpr std::size_t kMaxNoteBytes = 1024;  // of UTF-8

// What a command asks to change: of an account, or, without one, of the whole ledger. All of it is
// content. A view: the request, or the record, owns the texts.
struct PolicyChange {
  std::string_view account_id;  // empty: the whole ledger
  std::optional<Amount> floor;
  std::optional<Amount> ceiling;
  bool clear_ceiling = false;
  std::optional<bool> debits_frozen;
  std::optional<bool> credits_frozen;
  AccountStatus status = AccountStatus::unspecified;
  std::string_view sweep_to;  // takes the balance of an account that is closed; empty: nobody
  bool allow_beyond = false;  // the new bounds may lie past the balance
  std::string_view note;      // why, for those who read the history
  std::optional<bool> require_balanced;  // of the whole ledger

  bool operator==(const PolicyChange&) const = default;
};

// What a change has made, as the chain keeps it.
struct PolicyResult {
  AccountNumber account = kNoAccount;  // kNoAccount: of the whole ledger
  Policy policy;
  Amount balance = 0;             // after the change, with what was swept
  bool require_balanced = false;  // of the whole ledger
  bool operator==(const PolicyResult&) const = default;
};

// What is done to a policy's accounts before its record is written.
struct ChangedPolicy {
  PolicyResult result;
  AccountNumber swept_to = kNoAccount;  // kNoAccount: nothing was swept
  Amount swept = 0;                     // what that account is credited with, debited if negative
};

// The checks that need no account. Returns the first error: POLICY_EMPTY if it asks for nothing,
// POLICY_INVALID for what contradicts itself. Fields are named as those of the command.
std::optional<Error> check(const PolicyChange& change);

// Changes the standing. BALANCE_OVERFLOW, ACCOUNT_CLOSED, ACCOUNT_NOT_EMPTY, POLICY_CONFLICT; then
// nothing has changed. Needs: the change is of an account and was checked. With `sweep_to` the
// balance of an account that is closed is not looked at: sweep() moves it.
std::optional<Error> apply(const PolicyChange& change, Standing& standing);
// Moves the whole balance of `from`, on which apply() closed the account, to the account that the
// change names. Returns what the target is credited with, which may be 0 or negative.
// ACCOUNT_CLOSED, ACCOUNT_FROZEN, CEILING_EXCEEDED, BALANCE_OVERFLOW or INSUFFICIENT_FUNDS; then
// nothing has changed.
Result<Amount> sweep(const PolicyChange& change, Standing& from, Standing& to);

// What can be debited of an account with that balance.
Amount available(Amount balance, const Policy& policy);
// Why the account takes no entry on these sides; nullopt: it does, as far as its bounds allow.
std::optional<Reason> state_problem(const Policy& policy, std::uint8_t sides);
// The account's balance would leave its range. Needs: a reason of the three that say so.
Error bound_error(Reason reason, std::string_view account_id, const Standing& standing,
                  WideAmount amount);
Error closed_error(std::string_view account_id);
// `side`: the one that was asked for.
Error frozen_error(std::string_view account_id, std::uint8_t side);

}  // namespace sg::ledger
