// Why the ledger refuses: one reason per row of the status table, as values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace sg::ledger {

// Numbers are those of gRPC status codes; they travel unchanged.
enum class Code : int {
  ok = 0,
  cancelled = 1,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  internal = 13,
  unavailable = 14,
};

enum class Reason : std::uint8_t {
  account_not_found,
  participant_not_found,
  transaction_not_found,
  account_exists,
  participant_exists,
  reserved_id,
  insufficient_funds,
  balance_overflow,
  id_empty,
  id_too_long,
  id_control_character,
  not_utf8,
  malformed_request,
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
  metadata_too_large,
  limit_out_of_range,
  page_bytes_out_of_range,
  page_token_invalid,
  time_range_invalid,
  too_many_transfers,
  keys_mixed,
  idempotency_mismatch,
  batch_aborted,
  shard_unavailable,
  journal_unavailable,
  node_unavailable,
  overloaded,
  result_too_large,
  storage_full,
  lock_timeout,
  cancelled,
  internal,
};

// What the caller knows of the ledger after the error.
enum class Outcome : std::uint8_t {
  none,     // nothing changed
  unknown,  // a retry with the same idempotency key gets the one true answer
};

struct [[nodiscard]] Error {
  Reason reason = Reason::internal;
  std::string message;
  // Further facts for programs, e.g. account_id, balance, amount.
  std::vector<std::pair<std::string, std::string>> metadata;
  Outcome outcome = Outcome::none;
};

template <class T>
using Result = tl::expected<T, Error>;

// The reason as it travels: "INSUFFICIENT_FUNDS".
std::string_view to_string(Reason reason);
Code code_of(Reason reason);

}  // namespace sg::ledger
