// The part of the reader that reads commands and their actions.
#include <array>

#include "ledger/ids.hpp"
#include "proto/conversion.hpp"
#include "proto/ledger.pb.h"
#include "proto/transfer_reader.hpp"
#include "proto/wire_tags.hpp"

namespace sg::proto {
namespace {

// The actions of a command.
struct Action {
  int field = 0;
  ledger::TransferKind kind = ledger::TransferKind::transfer;
  std::string_view path;  // of what stands in it
};
constexpr std::array kActions{
    Action{wire::Command::kTransferFieldNumber, ledger::TransferKind::transfer, "transfer."},
    Action{wire::Command::kReverseFieldNumber, ledger::TransferKind::reversal, "reverse."},
    Action{wire::Command::kPolicyFieldNumber, ledger::TransferKind::policy, "policy."},
};
// Null: the tag is that of another field.
const Action* action_of(std::uint32_t tag) {
  for (const auto& action : kActions) {
    if (tag == tag_of(action.field, kText)) return &action;
  }
  return nullptr;
}

}  // namespace

bool TransferReader::command() {
  using Request = wire::Command;
  begin_item();
  ledger::Transfer transfer;
  int of_action = 0;
  while (const auto tag = in_.next_tag()) {
    bool good = false;
    if (in_.fields() - transfer_began_ > kMaxFieldsOfTransfer) return false;
    if (const auto* action = action_of(tag)) {
      // Of two actions the last one counts.
      if (of_action != 0 && of_action != action->field) drop_action();
      of_action = action->field;
      transfer.kind = action->kind;
      in_action_ = action->path;
      good = in_.nested([this, action] { return read_action(action->kind); });
      // As in_entry_: it stays set after a failure.
      if (good) in_action_ = {};
    } else if (tag == tag_of(Request::kReferenceFieldNumber, kText)) {
      good = text(transfer.reference, "reference");
    } else if (tag == tag_of(Request::kIdempotencyKeyFieldNumber, kText)) {
      good = text(transfer.idempotency_key, "idempotency_key");
    } else if (tag == tag_of(Request::kMetadataFieldNumber, kText)) {
      good = in_.nested([this] { return metadata(); });
    } else if (tag == tag_of(Request::kOptionsFieldNumber, kText)) {
      good = in_.nested([this] { return options(); });
    } else {
      good = skip(tag);
    }
    if (!good) return false;
  }
  if (of_action == 0 && in_.is_at_end()) {
    refuse(missing_action(path_of("action")));
    return false;
  }
  if (of_action == Request::kReverseFieldNumber) {
    details_.reverses_all = entries_of_transfer_ == 0;
  }
  add(transfer);
  return in_.is_at_end();
}

bool TransferReader::read_action(ledger::TransferKind kind) {
  switch (kind) {
    case ledger::TransferKind::reversal:
      return reversal();
    case ledger::TransferKind::policy:
      return policy();
    default:
      return action();
  }
}

// Of too many entries those beyond the most are read and not kept.
bool TransferReader::action() {
  while (const auto tag = in_.next_tag()) {
    if (in_.fields() - transfer_began_ > kMaxFieldsOfTransfer) return false;
    const bool is_entry = tag == tag_of(wire::TransferAction::kEntriesFieldNumber, kText);
    if (!(is_entry ? entry_of_action() : skip(tag))) return false;
  }
  return in_.is_at_end();
}

bool TransferReader::entry_of_action() {
  ++entries_of_transfer_;
  in_entry_ = true;
  if (!in_.nested([this] { return entry(); })) return false;
  in_entry_ = false;
  if (entries_of_transfer_ > ledger::kMaxEntries) into_.entries.pop_back();
  return true;
}

bool TransferReader::reversal() {
  using Fields = wire::ReverseAction;
  while (const auto tag = in_.next_tag()) {
    bool good = false;
    if (in_.fields() - transfer_began_ > kMaxFieldsOfTransfer) return false;
    if (tag == tag_of(Fields::kTransactionIdFieldNumber, kText)) {
      good = original("transaction_id");
    } else if (tag == tag_of(Fields::kEntriesFieldNumber, kText)) {
      good = entry_of_action();
    } else {
      good = skip(tag);
    }
    if (!good) return false;
  }
  return in_.is_at_end();
}

// Any other text than an id stands for no transaction: the ledger's check refuses that.
bool TransferReader::original(std::string_view name) {
  std::string_view id;
  if (!text(id, name)) return false;
  const auto place = ledger::parse_transaction_id(id);
  details_.reverses = place && place->sequence != 0 ? *place : ledger::TransactionPlace();
  return true;
}

void TransferReader::drop_action() {
  into_.entries.resize(first_entry_);
  entries_of_transfer_ = 0;
  details_.reverses = {};
  details_.policy.reset();
}

bool TransferReader::policy() {
  using Fields = wire::PolicyAction;
  if (!details_.policy) details_.policy.emplace();
  auto& change = *details_.policy;
  while (const auto tag = in_.next_tag()) {
    bool good = false;
    if (in_.fields() - transfer_began_ > kMaxFieldsOfTransfer) return false;
    if (tag == tag_of(Fields::kAccountIdFieldNumber, kText)) {
      good = text(change.account_id, "account_id");
    } else if (tag == tag_of(Fields::kSweepToFieldNumber, kText)) {
      good = text(change.sweep_to, "sweep_to");
    } else if (tag == tag_of(Fields::kNoteFieldNumber, kText)) {
      good = text(change.note, "note");
    } else {
      good = number_of_policy(tag, change);
    }
    if (!good) return false;
  }
  return in_.is_at_end();
}

bool TransferReader::number_of_policy(std::uint32_t tag, ledger::PolicyChange& into) {
  using Fields = wire::PolicyAction;
  const auto is = [tag](int field) { return tag == tag_of(field, kNumber); };
  const bool is_known =
      is(Fields::kFloorFieldNumber) || is(Fields::kCeilingFieldNumber) ||
      is(Fields::kClearCeilingFieldNumber) || is(Fields::kDebitsFrozenFieldNumber) ||
      is(Fields::kCreditsFrozenFieldNumber) || is(Fields::kStatusFieldNumber) ||
      is(Fields::kAllowBeyondFieldNumber) || is(Fields::kRequireBalancedFieldNumber);
  if (!is_known) return skip(tag);
  std::uint64_t value = 0;
  if (!in_.read_number(value)) return false;
  const bool flag = value != 0;
  if (is(Fields::kFloorFieldNumber)) into.floor = static_cast<ledger::Amount>(value);
  if (is(Fields::kCeilingFieldNumber)) into.ceiling = static_cast<ledger::Amount>(value);
  if (is(Fields::kClearCeilingFieldNumber)) into.clear_ceiling = flag;
  if (is(Fields::kDebitsFrozenFieldNumber)) into.debits_frozen = flag;
  if (is(Fields::kCreditsFrozenFieldNumber)) into.credits_frozen = flag;
  if (is(Fields::kAllowBeyondFieldNumber)) into.allow_beyond = flag;
  if (is(Fields::kRequireBalancedFieldNumber)) into.require_balanced = flag;
  if (!is(Fields::kStatusFieldNumber)) return true;
  // As the generated parser, which keeps the low 32 bits of an enum.
  const auto status = static_cast<int>(value);
  if (!wire::AccountStatus_IsValid(status)) {
    refuse(unknown_status(path_of("status"), status));
    return false;
  }
  into.status = static_cast<ledger::AccountStatus>(status);
  return true;
}

// The accounts that it touches, for the locks.
void TransferReader::add_policy_entries() {
  into_.entries.resize(first_entry_);
  for (const auto id : {details_.policy->account_id, details_.policy->sweep_to}) {
    if (!id.empty()) into_.entries.push_back({id, 0});
  }
  entries_of_transfer_ = into_.entries.size() - first_entry_;
}

}  // namespace sg::proto
