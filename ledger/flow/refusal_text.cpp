#include "ledger/flow/refusal_text.hpp"

#include <string>
#include <tuple>

namespace sg::ledger {
namespace {

bool is_not_found(Reason reason) { return code_of(reason) == Code::not_found; }

// Lower ones are told first. A ceiling comes last: of a unit that another account refuses in any
// case, the choice of the refusal would tell how far the balance is from it.
int rank_of(Reason reason) {
  if (is_not_found(reason)) return 0;
  if (reason == Reason::account_closed || reason == Reason::account_frozen) return 1;
  return reason == Reason::ceiling_exceeded ? 3 : 2;
}

Error refusal_of(const NewParticipant& participant, const Unit&, const Refusal& refusal) {
  return {refusal.reason,
          "participant " + participant.id + " exists already",
          {{"participant_id", participant.id}},
          Outcome::none};
}

Error refusal_of(const NewAccount& account, const Unit&, const Refusal& refusal) {
  Error error{refusal.reason, {}, {}, Outcome::none};
  if (refusal.reason == Reason::participant_not_found) {
    error.message = "participant " + account.participant_id + " does not exist";
    error.metadata = {{"participant_id", account.participant_id}};
  } else if (refusal.reason == Reason::reserved_id) {
    const std::string owner(possible_owner(account.id));
    error.message = "account_id " + account.id + " is reserved for participant " + owner +
                    ": create the account with CreateParticipantAccount, or choose another id";
    error.metadata = {{"field", "account_id"}, {"participant_id", owner}};
  } else {
    error.message = "account " + account.id + " exists already";
    error.metadata = {{"account_id", account.id}};
  }
  return error;
}

// No shard is asked for it.
Error refusal_of(const KeyRequest&, const Unit&, const Refusal& refusal) {
  return {refusal.reason, "a request for a key was refused by a shard", {}, Outcome::none};
}

Error refusal_of(const TransferBatch& batch, const Unit& unit, const Refusal& refusal) {
  Error error{refusal.reason, {}, {}, Outcome::none};
  const auto place = locate(unit, refusal.entry);
  const std::string id(batch.transfers[place.item].entries[place.entry].account_id);
  error.metadata = {{"account_id", id}};
  if (refusal.reason == Reason::account_not_found) {
    error.message = "account " + id + " does not exist";
    return error;
  }
  if (refusal.reason == Reason::account_closed) return closed_error(id);
  if (refusal.reason == Reason::account_frozen) {
    const auto entry = batch.transfers[place.item].entries[place.entry].amount;
    return frozen_error(id, side_of(entry));
  }
  const auto amount = to_text(refusal.amount);
  const auto balance = std::to_string(refusal.balance);
  error.metadata.emplace_back("balance", balance);
  error.metadata.emplace_back("amount", amount);
  error.message = "account " + id + " has " + balance;
  if (refusal.before != refusal.balance) {
    error.message += ", " + to_text(refusal.before) + " after the transfers before this one";
  }
  error.message += ": " + amount;
  if (refusal.reason == Reason::ceiling_exceeded) {
    const auto ceiling = std::to_string(refusal.bound);
    error.metadata.emplace_back("ceiling", ceiling);
    error.message += " would take it above its ceiling " + ceiling;
    return error;
  }
  error.message += refusal.reason == Reason::insufficient_funds ? " would take it below its floor"
                                                                : " would pass the int64 range";
  return error;
}

}  // namespace

Error away_error(std::uint32_t shard) {
  return {Reason::shard_unavailable,
          "shard " + std::to_string(shard) + " is restarting: nothing changed, try again",
          {{"shard", std::to_string(shard)}},
          Outcome::none};
}

Error cancelled_error() {
  return {Reason::cancelled, "the caller cancelled before the commit", {}, Outcome::none};
}

Error late_error() {
  return {Reason::lock_timeout, "waited for a lock past the deadline", {}, Outcome::none};
}

Error aborted_error() {
  return {
      Reason::batch_aborted, "another transfer of the atomic batch was refused", {}, Outcome::none};
}

bool precedes(const Refusal& a, const Refusal& b) {
  return std::tuple(rank_of(a.reason), a.entry) < std::tuple(rank_of(b.reason), b.entry);
}

bool precedes(const Unit& unit, const Refusal& refusal, std::uint32_t item) {
  return is_not_found(refusal.reason) || locate(unit, refusal.entry).item < item;
}

Error refusal_error(const Unit& unit, const Refusal& refusal) {
  return std::visit([&](const auto& operation) { return refusal_of(operation, unit, refusal); },
                    unit.submission->operation);
}

Error rejection_error(RejectedUnits::Why why) {
  switch (why) {
    case RejectedUnits::Why::storage_full:
      return {Reason::storage_full,
              "the disk of the store is full: nothing changed; free space and try again",
              {},
              Outcome::none};
    case RejectedUnits::Why::overloaded:
      return {Reason::overloaded,
              "the indexes are too far behind: nothing changed, try again",
              {},
              Outcome::none};
    case RejectedUnits::Why::shard_changed:
      return {Reason::shard_unavailable,
              "a shard restarted before the commit: nothing changed, try again",
              {},
              Outcome::none};
    case RejectedUnits::Why::too_many_seals:
      return {
          Reason::too_many_seals,
          "the ledger has as many sealed keys as ledger.max_seals allows: the key is not sealed",
          {},
          Outcome::none};
    case RejectedUnits::Why::key_unreadable:
      return {Reason::journal_unavailable,
              "the journal could not look the idempotency key up, so what it did is unknown: try "
              "again with the same key",
              {},
              Outcome::unknown};
    case RejectedUnits::Why::claim_unreadable:
      return {Reason::journal_unavailable,
              "the journal could not look up who else has the reference, or takes the transaction "
              "back: nothing changed, try again",
              {},
              Outcome::none};
    case RejectedUnits::Why::key_bound:
    case RejectedUnits::Why::claim_lost:
    case RejectedUnits::Why::state:
    case RejectedUnits::Why::refused:
      break;
  }
  return {Reason::internal,
          "the journal refused a commit that the shards had granted",
          {},
          Outcome::none};
}

Error mismatch_error(const Transfer& transfer) {
  const std::string key(transfer.idempotency_key);
  return {Reason::idempotency_mismatch,
          "idempotency key " + key + " stands for a transfer with other content",
          {{"idempotency_key", key}},
          Outcome::none};
}

Error sealed_error(const Transfer& transfer) {
  const std::string key(transfer.idempotency_key);
  return {Reason::key_sealed,
          "idempotency key " + key + " is sealed: nothing commits with it any more",
          {{"idempotency_key", key}},
          Outcome::none};
}

Error reference_exists_error(const Transfer& transfer, const RecordPlace& place) {
  const auto id = transaction_id(place.time, place.sequence);
  const std::string reference(transfer.reference);
  return {Reason::reference_exists,
          "transaction " + id + " has the reference \"" + reference +
              "\" already, and options.unique_reference asks for one that no other has",
          {{"reference", reference}, {"transaction_id", id}},
          Outcome::none};
}

Error reference_twice_error(const Transfer& transfer) {
  const std::string reference(transfer.reference);
  return {Reason::reference_exists,
          "an earlier transfer of the atomic batch has the reference \"" + reference +
              "\" already, and options.unique_reference asks for one that no other has",
          {{"reference", reference}},
          Outcome::none};
}

Error missing_original_error(const Transfer& reversal) {
  const auto& place = reversal.details->reverses;
  const auto id = transaction_id(place.time, place.sequence);
  return {Reason::transaction_not_found,
          "there is no transaction " + id + " to be taken back",
          {{"transaction_id", id}},
          Outcome::none};
}

Error too_many_reversed_error() {
  return {Reason::too_many_entries,
          "the transactions that the batch takes back have more than " +
              std::to_string(kMaxReversedEntries) + " entries: send fewer reversals at a time",
          {{"field", "reverse"}},
          Outcome::none};
}

Error reversals_overloaded_error() {
  return {Reason::overloaded,
          "too many large transactions are being taken back at the same time: nothing changed, try "
          "again",
          {},
          Outcome::none};
}

Error other_batch_error(const Transfer& transfer) {
  const std::string key(transfer.idempotency_key);
  return {Reason::idempotency_mismatch,
          "idempotency key " + key +
              " was committed by another request: an atomic batch is retried as a whole, with the "
              "same transfers in the same order",
          {{"idempotency_key", key}},
          Outcome::none};
}

}  // namespace sg::ledger
