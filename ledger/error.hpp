// Why the ledger refuses a request, as a value. Each Reason is one row of the status table of the
// API: its name and its gRPC code stand in error.cpp.
//
//   if (amount == 0) return Error{Reason::amount_zero, "amount is 0", {{"field", "amount"}}};
//
// Functions return Result<T> if they have a value, and optional<Error> if they only check.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace sg::ledger {

// The numbers are those of gRPC's status codes, so they travel unchanged.
enum class Code : int {
  ok = 0,
  cancelled = 1,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  unauthenticated = 16,
};

// The machine-readable reason. Its number is the index of its row in error.cpp, so a new reason
// needs a row there.
enum class Reason : std::uint8_t {
  account_not_found,
  participant_not_found,
  transaction_not_found,
  account_exists,
  participant_exists,
  id_not_of_participant,  // the id of a participant's account does not begin with its own
  reserved_id,            // it would be the id of an existing participant's account
  insufficient_funds,     // the balance would fall below the floor
  balance_overflow,       // the balance would pass the int64 range
  // What the policy of an account keeps from it.
  account_closed,
  account_frozen,     // on the side that an entry is on
  ceiling_exceeded,   // the balance would rise above the ceiling
  account_not_empty,  // it is to be closed
  policy_conflict,    // with what the account holds, or with another part of the policy
  // Arguments that are wrong by themselves, whatever the ledger holds.
  id_empty,
  id_too_long,
  id_control_character,
  not_utf8,
  malformed_request,  // bytes that are no such message
  field_unknown,      // of a method that refuses fields that it does not know
  no_entries,
  too_many_entries,
  amount_zero,
  amount_not_positive,
  initial_balance_negative,
  floor_above_balance,
  enum_value_unknown,
  role_unspecified,
  name_too_long,
  reference_too_long,
  reference_empty,  // where one is needed
  metadata_too_large,
  limit_out_of_range,
  page_bytes_out_of_range,
  page_token_invalid,
  time_range_invalid,
  sequence_out_of_range,
  type_mismatch,  // entries that a transaction of this type does not have
  too_many_transfers,
  keys_mixed,  // an atomic batch with keys on some transfers only
  entries_unbalanced,
  action_missing,  // a command that asks for nothing
  policy_empty,    // a policy that does
  policy_invalid,  // it contradicts itself
  backup_name_invalid,
  // The key was used before, for a transfer with other content.
  idempotency_mismatch,
  key_sealed,      // nothing will ever commit with it
  too_many_seals,  // of keys
  // A transaction has the reference that was to be unique.
  reference_exists,
  // Of a transaction that is to be taken back.
  reversal_exceeded,  // more than is left of it
  not_reversible,     // it moved no money
  // Another item of the same atomic batch was refused.
  batch_aborted,
  // Who calls is not known, or may not do this.
  unauthenticated,
  permission_denied,
  // What an operator asks of a cluster cannot be done.
  no_cluster,       // the ledger stands alone
  cluster_refused,  // not in this state of the cluster
  // What an operator asks of backups cannot be done.
  backup_not_found,
  backup_off,      // there is no folder for them
  backup_running,  // another one is being written
  backup_refused,  // the folder or its files are not what they should be
  // The system cannot answer, or not at the moment.
  shard_unavailable,
  journal_unavailable,
  node_unavailable,
  cluster_upgrading,  // some node does not know yet what is asked for
  index_building,     // records of before an upgrade are still being read
  overloaded,         // too much is in flight
  result_too_large,   // the answer would pass the largest answer
  storage_full,       // answered only before a transfer has its sequence
  lock_timeout,       // the deadline, or the longest wait for a lock, is over
  cancelled,
  internal,  // a bug; logged under a correlation id
};

// What the caller knows about the ledger after the error.
enum class Outcome : std::uint8_t {
  none,     // nothing changed
  unknown,  // it may have committed; a retry with the same key tells
};

// A refusal or a failure, on its way to the caller.
struct [[nodiscard]] Error {
  Reason reason = Reason::internal;
  std::string message;  // a sentence for people: what is wrong, then what to do
  // Further facts for programs, as key and value: account_id, balance, amount, field.
  std::vector<std::pair<std::string, std::string>> metadata;
  Outcome outcome = Outcome::none;
};

// A value, or why there is none.
template <class T>
using Result = tl::expected<T, Error>;

// The reason's name on the wire: "INSUFFICIENT_FUNDS".
std::string_view to_string(Reason reason);
// The gRPC status code that the reason travels with.
Code code_of(Reason reason);

}  // namespace sg::ledger
