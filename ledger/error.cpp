// The status table: the name and the gRPC code of each reason, in the order of the enumeration. A
// reason's number is the index of its row, so a look-up needs no search.
#include "ledger/error.hpp"

#include <array>

namespace sg::ledger {
namespace {

struct Row {
  Reason reason;
  std::string_view name;
  Code code;
};

constexpr std::array kRows{
    // What the request names does not exist, or exists already.
    Row{Reason::account_not_found, "ACCOUNT_NOT_FOUND", Code::not_found},
    Row{Reason::participant_not_found, "PARTICIPANT_NOT_FOUND", Code::not_found},
    Row{Reason::transaction_not_found, "TRANSACTION_NOT_FOUND", Code::not_found},
    Row{Reason::account_exists, "ACCOUNT_EXISTS", Code::already_exists},
    Row{Reason::participant_exists, "PARTICIPANT_EXISTS", Code::already_exists},
    Row{Reason::id_not_of_participant, "ID_NOT_OF_PARTICIPANT", Code::invalid_argument},
    Row{Reason::reserved_id, "RESERVED_ID", Code::invalid_argument},
    // The account's balance would leave its range.
    Row{Reason::insufficient_funds, "INSUFFICIENT_FUNDS", Code::failed_precondition},
    Row{Reason::balance_overflow, "BALANCE_OVERFLOW", Code::out_of_range},
    // The policy of an account does not allow it.
    Row{Reason::account_closed, "ACCOUNT_CLOSED", Code::failed_precondition},
    Row{Reason::account_frozen, "ACCOUNT_FROZEN", Code::failed_precondition},
    Row{Reason::ceiling_exceeded, "CEILING_EXCEEDED", Code::failed_precondition},
    Row{Reason::account_not_empty, "ACCOUNT_NOT_EMPTY", Code::failed_precondition},
    Row{Reason::policy_conflict, "POLICY_CONFLICT", Code::failed_precondition},
    // The request is wrong by itself.
    Row{Reason::id_empty, "ID_EMPTY", Code::invalid_argument},
    Row{Reason::id_too_long, "ID_TOO_LONG", Code::invalid_argument},
    Row{Reason::id_control_character, "ID_CONTROL_CHARACTER", Code::invalid_argument},
    Row{Reason::not_utf8, "NOT_UTF8", Code::invalid_argument},
    Row{Reason::malformed_request, "MALFORMED_REQUEST", Code::invalid_argument},
    Row{Reason::field_unknown, "FIELD_UNKNOWN", Code::invalid_argument},
    Row{Reason::no_entries, "NO_ENTRIES", Code::invalid_argument},
    Row{Reason::too_many_entries, "TOO_MANY_ENTRIES", Code::invalid_argument},
    Row{Reason::amount_zero, "AMOUNT_ZERO", Code::invalid_argument},
    Row{Reason::amount_not_positive, "AMOUNT_NOT_POSITIVE", Code::invalid_argument},
    Row{Reason::initial_balance_negative, "INITIAL_BALANCE_NEGATIVE", Code::invalid_argument},
    Row{Reason::floor_above_balance, "FLOOR_ABOVE_BALANCE", Code::invalid_argument},
    Row{Reason::enum_value_unknown, "ENUM_VALUE_UNKNOWN", Code::invalid_argument},
    Row{Reason::role_unspecified, "ROLE_UNSPECIFIED", Code::invalid_argument},
    Row{Reason::name_too_long, "NAME_TOO_LONG", Code::invalid_argument},
    Row{Reason::reference_too_long, "REFERENCE_TOO_LONG", Code::invalid_argument},
    Row{Reason::reference_empty, "REFERENCE_EMPTY", Code::invalid_argument},
    Row{Reason::metadata_too_large, "METADATA_TOO_LARGE", Code::invalid_argument},
    Row{Reason::limit_out_of_range, "LIMIT_OUT_OF_RANGE", Code::invalid_argument},
    Row{Reason::page_bytes_out_of_range, "PAGE_BYTES_OUT_OF_RANGE", Code::invalid_argument},
    Row{Reason::page_token_invalid, "PAGE_TOKEN_INVALID", Code::invalid_argument},
    Row{Reason::time_range_invalid, "TIME_RANGE_INVALID", Code::invalid_argument},
    Row{Reason::sequence_out_of_range, "SEQUENCE_OUT_OF_RANGE", Code::out_of_range},
    Row{Reason::type_mismatch, "TYPE_MISMATCH", Code::invalid_argument},
    Row{Reason::too_many_transfers, "TOO_MANY_TRANSFERS", Code::invalid_argument},
    Row{Reason::keys_mixed, "KEYS_MIXED", Code::invalid_argument},
    Row{Reason::entries_unbalanced, "ENTRIES_UNBALANCED", Code::invalid_argument},
    Row{Reason::action_missing, "ACTION_MISSING", Code::invalid_argument},
    Row{Reason::policy_empty, "POLICY_EMPTY", Code::invalid_argument},
    Row{Reason::policy_invalid, "POLICY_INVALID", Code::invalid_argument},
    Row{Reason::backup_name_invalid, "BACKUP_NAME_INVALID", Code::invalid_argument},
    // The request disagrees with an earlier one, or with the rest of its batch.
    Row{Reason::idempotency_mismatch, "IDEMPOTENCY_MISMATCH", Code::already_exists},
    Row{Reason::key_sealed, "KEY_SEALED", Code::failed_precondition},
    Row{Reason::too_many_seals, "TOO_MANY_SEALS", Code::resource_exhausted},
    Row{Reason::reference_exists, "REFERENCE_EXISTS", Code::already_exists},
    Row{Reason::reversal_exceeded, "REVERSAL_EXCEEDED", Code::failed_precondition},
    Row{Reason::not_reversible, "NOT_REVERSIBLE", Code::failed_precondition},
    Row{Reason::batch_aborted, "BATCH_ABORTED", Code::aborted},
    // Who calls is not known, or may not do this.
    Row{Reason::unauthenticated, "UNAUTHENTICATED", Code::unauthenticated},
    Row{Reason::permission_denied, "PERMISSION_DENIED", Code::permission_denied},
    // What an operator asks of a cluster cannot be done.
    Row{Reason::no_cluster, "NO_CLUSTER", Code::unimplemented},
    Row{Reason::cluster_refused, "CLUSTER_REFUSED", Code::failed_precondition},
    // What an operator asks of backups cannot be done.
    Row{Reason::backup_not_found, "BACKUP_NOT_FOUND", Code::not_found},
    Row{Reason::backup_off, "BACKUP_OFF", Code::failed_precondition},
    Row{Reason::backup_running, "BACKUP_RUNNING", Code::failed_precondition},
    Row{Reason::backup_refused, "BACKUP_REFUSED", Code::failed_precondition},
    // The system cannot answer at the moment.
    Row{Reason::shard_unavailable, "SHARD_UNAVAILABLE", Code::unavailable},
    Row{Reason::journal_unavailable, "JOURNAL_UNAVAILABLE", Code::unavailable},
    Row{Reason::node_unavailable, "NODE_UNAVAILABLE", Code::unavailable},
    Row{Reason::cluster_upgrading, "CLUSTER_UPGRADING", Code::unavailable},
    Row{Reason::index_building, "INDEX_BUILDING", Code::unavailable},
    Row{Reason::overloaded, "OVERLOADED", Code::resource_exhausted},
    Row{Reason::result_too_large, "RESULT_TOO_LARGE", Code::resource_exhausted},
    Row{Reason::storage_full, "STORAGE_FULL", Code::resource_exhausted},
    Row{Reason::lock_timeout, "LOCK_TIMEOUT", Code::deadline_exceeded},
    Row{Reason::cancelled, "CANCELLED", Code::cancelled},
    Row{Reason::internal, "INTERNAL", Code::internal},
};

// Checked by the compiler: a reason without a row, or a row in the wrong place, does not build.
constexpr bool rows_stand_in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].reason) != i) return false;
  }
  return kRows.size() == static_cast<std::size_t>(Reason::internal) + 1;
}
static_assert(rows_stand_in_order(), "a reason is its row's index");

}  // namespace

std::string_view to_string(Reason reason) { return kRows[static_cast<std::size_t>(reason)].name; }

Code code_of(Reason reason) { return kRows[static_cast<std::size_t>(reason)].code; }

}  // namespace sg::ledger
