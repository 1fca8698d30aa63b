// Reasons as they travel, and the gRPC code of each.
#include "ledger/error.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string_view>
#include <vector>

namespace sg::ledger {
namespace {

TEST_CASE("Each reason has the name and the code of the status table", "[ledger][error]") {
  struct Row {
    Reason reason;
    std::string_view name;
    int code;
  };
  const std::vector<Row> rows{
      {Reason::account_not_found, "ACCOUNT_NOT_FOUND", 5},
      {Reason::participant_not_found, "PARTICIPANT_NOT_FOUND", 5},
      {Reason::transaction_not_found, "TRANSACTION_NOT_FOUND", 5},
      {Reason::account_exists, "ACCOUNT_EXISTS", 6},
      {Reason::participant_exists, "PARTICIPANT_EXISTS", 6},
      {Reason::reserved_id, "RESERVED_ID", 3},
      {Reason::insufficient_funds, "INSUFFICIENT_FUNDS", 9},
      {Reason::balance_overflow, "BALANCE_OVERFLOW", 11},
      {Reason::idempotency_mismatch, "IDEMPOTENCY_MISMATCH", 6},
      {Reason::batch_aborted, "BATCH_ABORTED", 10},
      {Reason::unauthenticated, "UNAUTHENTICATED", 16},
      {Reason::permission_denied, "PERMISSION_DENIED", 7},
      {Reason::no_cluster, "NO_CLUSTER", 12},
      {Reason::cluster_refused, "CLUSTER_REFUSED", 9},
      {Reason::backup_not_found, "BACKUP_NOT_FOUND", 5},
      {Reason::backup_off, "BACKUP_OFF", 9},
      {Reason::backup_running, "BACKUP_RUNNING", 9},
      {Reason::backup_refused, "BACKUP_REFUSED", 9},
      {Reason::shard_unavailable, "SHARD_UNAVAILABLE", 14},
      {Reason::journal_unavailable, "JOURNAL_UNAVAILABLE", 14},
      {Reason::node_unavailable, "NODE_UNAVAILABLE", 14},
      {Reason::cluster_upgrading, "CLUSTER_UPGRADING", 14},
      {Reason::overloaded, "OVERLOADED", 8},
      {Reason::result_too_large, "RESULT_TOO_LARGE", 8},
      {Reason::storage_full, "STORAGE_FULL", 8},
      {Reason::lock_timeout, "LOCK_TIMEOUT", 4},
      {Reason::cancelled, "CANCELLED", 1},
      {Reason::internal, "INTERNAL", 13},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(to_string(row.reason) == row.name);
    CHECK(static_cast<int>(code_of(row.reason)) == row.code);
  }
}

TEST_CASE("Every reason of a wrong argument is INVALID_ARGUMENT", "[ledger][error]") {
  for (const auto reason : {Reason::id_empty,
                            Reason::id_too_long,
                            Reason::id_control_character,
                            Reason::not_utf8,
                            Reason::malformed_request,
                            Reason::field_unknown,
                            Reason::entries_unbalanced,
                            Reason::action_missing,
                            Reason::no_entries,
                            Reason::too_many_entries,
                            Reason::amount_zero,
                            Reason::amount_not_positive,
                            Reason::initial_balance_negative,
                            Reason::floor_above_balance,
                            Reason::enum_value_unknown,
                            Reason::role_unspecified,
                            Reason::name_too_long,
                            Reason::reference_too_long,
                            Reason::reference_empty,
                            Reason::metadata_too_large,
                            Reason::limit_out_of_range,
                            Reason::page_bytes_out_of_range,
                            Reason::page_token_invalid,
                            Reason::time_range_invalid,
                            Reason::type_mismatch,
                            Reason::too_many_transfers}) {
    INFO(to_string(reason));
    CHECK(code_of(reason) == Code::invalid_argument);
  }
}

TEST_CASE("No two reasons share a name", "[ledger][error]") {
  std::set<std::string_view> names;
  constexpr auto kReasons = static_cast<int>(Reason::internal) + 1;
  for (int i = 0; i < kReasons; ++i) names.insert(to_string(static_cast<Reason>(i)));
  CHECK(names.size() == kReasons);
}

}  // namespace
}  // namespace sg::ledger
