// The order of these checks is part of the API: a request with several mistakes always gets the
// same error.
#include "ledger/transfer.hpp"

#include <algorithm>
#include <string>

#include "ledger/account.hpp"

namespace sg::ledger {
namespace {

// The name of a wrong field, as the caller knows it. A credit or debit has no list of entries.
std::string field_of(const Transfer& transfer, std::size_t entry, std::string_view name) {
  if (transfer.kind == TransferKind::credit || transfer.kind == TransferKind::debit) {
    return std::string(name);
  }
  return "entries[" + std::to_string(entry) + "]." + std::string(name);
}

bool has_original(const Transfer& transfer) {
  return transfer.details != nullptr && transfer.details->reverses.sequence != 0;
}

// A credit or debit moves money on one account, in its own direction.
std::optional<Error> check_kind(const Transfer& transfer) {
  if (transfer.details != nullptr && transfer.details->policy && !is_policy(transfer)) {
    return Error{Reason::type_mismatch,
                 "type is " + std::string(to_string(transfer.kind)) +
                     ": only a policy changes what limits an account",
                 {{"field", "type"}},
                 Outcome::none};
  }
  if (transfer.kind == TransferKind::reversal) return std::nullopt;
  if (has_original(transfer)) {
    return Error{Reason::type_mismatch,
                 "type is " + std::string(to_string(transfer.kind)) +
                     ": only a reversal takes a transaction back",
                 {{"field", "type"}},
                 Outcome::none};
  }
  if (transfer.kind == TransferKind::transfer || is_policy(transfer)) return std::nullopt;
  const bool is_credit = transfer.kind == TransferKind::credit;
  if (transfer.entries.size() == 1 && (transfer.entries[0].amount > 0) == is_credit) {
    return std::nullopt;
  }
  return Error{Reason::type_mismatch,
               is_credit ? "type is credit: it has to have one entry, with an amount above 0"
                         : "type is debit: it has to have one entry, with an amount below 0",
               {{"field", "type"}},
               Outcome::none};
}

// Nothing is there by the id that it names.
std::optional<Error> check_original(const Transfer& transfer) {
  if (transfer.kind != TransferKind::reversal || has_original(transfer)) return std::nullopt;
  return Error{Reason::transaction_not_found,
               "transaction_id is not the id of a transaction: a reversal names what it takes back",
               {{"field", "transaction_id"}},
               Outcome::none};
}

// Rare, and so apart from the checks of every transfer.
std::optional<Error> check_details(const Transfer& transfer) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : transfer.details->metadata) {
    bytes += key.size() + value.size();
    if (is_utf8(key) && is_utf8(value)) continue;
    return Error{
        Reason::not_utf8, "metadata is not valid UTF-8", {{"field", "metadata"}}, Outcome::none};
  }
  if (bytes > kMaxMetadataBytes) return metadata_too_large(bytes);
  if (transfer.details->unique_reference && transfer.reference.empty()) {
    return Error{Reason::reference_empty,
                 "reference is empty, and options.unique_reference asks for one that no other "
                 "transaction has: give one, or leave the option out",
                 {{"field", "reference"}},
                 Outcome::none};
  }
  if (!transfer.details->balanced) return std::nullopt;
  return check_balanced(transfer, "options.balanced");
}

// Its entries were made by whoever read the request, so only what it changes is checked.
std::optional<Error> check_policy(const Transfer& transfer) {
  if (transfer.details == nullptr || !transfer.details->policy) {
    return Error{Reason::type_mismatch,
                 "type is policy: it has to say what changes",
                 {{"field", "type"}},
                 Outcome::none};
  }
  return check(*transfer.details->policy);
}

// All that follows the entries.
std::optional<Error> check_rest(const Transfer& transfer) {
  if (auto error = check_kind(transfer)) return error;
  if (auto error = check_reference(transfer.reference)) return error;
  if (transfer.details != nullptr) {
    if (auto error = check_details(transfer)) return error;
  }
  // The key is optional. One that is present must be a valid id.
  if (!transfer.idempotency_key.empty()) {
    if (auto error = check_id(transfer.idempotency_key, "idempotency_key")) return error;
  }
  return check_original(transfer);
}

}  // namespace

std::string_view to_string(TransferKind kind) {
  switch (kind) {
    case TransferKind::credit:
      return "credit";
    case TransferKind::debit:
      return "debit";
    case TransferKind::reversal:
      return "reversal";
    case TransferKind::policy:
      return "policy";
    case TransferKind::transfer:
      break;
  }
  return "transfer";
}

std::optional<TransferKind> parse_transfer_kind(std::string_view name) {
  for (const auto kind : {TransferKind::credit, TransferKind::debit, TransferKind::transfer,
                          TransferKind::reversal, TransferKind::policy}) {
    if (name == to_string(kind)) return kind;
  }
  return std::nullopt;
}

bool has_entries_of_policy(const Transfer& policy) {
  const auto& change = *policy.details->policy;
  auto entry = policy.entries.begin();
  for (const auto id : {change.account_id, change.sweep_to}) {
    if (id.empty()) continue;
    if (entry == policy.entries.end() || entry->account_id != id || entry->amount != 0) {
      return false;
    }
    ++entry;
  }
  return entry == policy.entries.end();
}

bool same_content(const Transfer& a, const Transfer& b) {
  const bool same_details = a.details == nullptr || b.details == nullptr ? a.details == b.details
                                                                         : *a.details == *b.details;
  if (a.kind != b.kind || a.reference != b.reference || !same_details) return false;
  // What a policy moves was not asked for: its details say which accounts it touches.
  return reverses_all(a) || is_policy(a) ||
         std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
                    [](const Entry& one, const Entry& other) {
                      return one.account_id == other.account_id && one.amount == other.amount;
                    });
}

// Unlike an id, the reference may be empty and may have control characters.
std::optional<Error> check_reference(std::string_view reference) {
  if (reference.size() > kMaxReferenceBytes) {
    return Error{
        Reason::reference_too_long,
        "reference has " + std::to_string(reference.size()) + " bytes: at most 1024 are allowed",
        {{"field", "reference"}},
        Outcome::none};
  }
  if (!is_utf8(reference)) {
    return Error{
        Reason::not_utf8, "reference is not valid UTF-8", {{"field", "reference"}}, Outcome::none};
  }
  return std::nullopt;
}

std::optional<Error> check_balanced(const Transfer& transfer, std::string_view whose) {
  WideAmount sum = 0;
  for (const auto& entry : transfer.entries) sum += entry.amount;
  if (sum == 0) return std::nullopt;
  return Error{Reason::entries_unbalanced,
               "the entries sum to " + to_text(sum) + ", and " + std::string(whose) +
                   " asks for 0: let them sum to zero, or leave it out",
               {{"field", "entries"}, {"sum", to_text(sum)}},
               Outcome::none};
}

std::optional<Error> check(const Transfer& transfer) {
  if (is_policy(transfer)) {
    if (auto error = check_policy(transfer)) return error;
    return check_rest(transfer);
  }
  const auto entries = transfer.entries;
  const bool needs_entries = transfer.kind != TransferKind::reversal;
  if (entries.empty() && (needs_entries || (has_original(transfer) && !reverses_all(transfer)))) {
    return Error{Reason::no_entries,
                 "entries is empty: a transfer needs 1 to 4096 entries",
                 {{"field", "entries"}},
                 Outcome::none};
  }
  if (entries.size() > kMaxEntries) {
    return Error{Reason::too_many_entries,
                 "entries has " + std::to_string(entries.size()) + ": at most 4096 are allowed",
                 {{"field", "entries"}},
                 Outcome::none};
  }
  // In entry order, so the first wrong entry is the one that the error names.
  for (std::size_t i = 0; i < entries.size(); ++i) {
    // This is the hot path, and a wrong id is rare. So the field's name is only built for a wrong
    // id.
    if (check_id(entries[i].account_id, {})) {
      return check_id(entries[i].account_id, field_of(transfer, i, "account_id"));
    }
    if (entries[i].amount == 0) {
      const auto field = field_of(transfer, i, "amount");
      return Error{Reason::amount_zero,
                   field + " is 0: an entry moves at least one minor unit",
                   {{"field", field}},
                   Outcome::none};
    }
  }
  return check_rest(transfer);
}

std::optional<Error> check_atomic_keys(std::span<const Transfer> transfers) {
  if (transfers.empty()) return std::nullopt;
  const bool keyed = !transfers.front().idempotency_key.empty();
  // The first transfer that differs from transfers[0] in having a key.
  const auto other = std::find_if(
      transfers.begin(), transfers.end(),
      [keyed](const Transfer& transfer) { return transfer.idempotency_key.empty() == keyed; });
  if (other == transfers.end()) return std::nullopt;
  const auto item = "transfers[" + std::to_string(other - transfers.begin()) + "]";
  return Error{Reason::keys_mixed,
               item +
                   (keyed ? " has no idempotency key and transfers[0] has one"
                          : " has an idempotency key and transfers[0] has none") +
                   ": in an atomic batch either all transfers have a key or none has",
               {{"field", item + ".idempotency_key"}},
               Outcome::none};
}

// Credits and debits carry no sign of their own: the method gives the direction.
std::optional<Error> check_amount(Amount amount) {
  if (amount > 0) return std::nullopt;
  return Error{Reason::amount_not_positive,
               "amount is " + std::to_string(amount) + ": it must be above 0",
               {{"field", "amount"}},
               Outcome::none};
}

}  // namespace sg::ledger
