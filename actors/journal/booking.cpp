// The part of the journal that books one unit: its keys, its money, its records.

#include <algorithm>

#include "actors/actor_errors.hpp"
#include "actors/journal/journal.hpp"
#include "faults/fault_injection.hpp"
#include "ledger/flow/claim.hpp"
#include "ledger/flow/policy_unit.hpp"
#include "ledger/invariant.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

using ledger::LockBatch;
using ledger::Sequence;
using ledger::Unit;
using ledger::UnitsOf;

namespace {

bool is_undecided(const ledger::ItemResult& result) {
  return result.state == ledger::ItemResult::State::undecided;
}

// With many accounts each balance waits for memory: it is asked for so many entries ahead.
constexpr std::size_t kPrefetchAhead = 8;

}  // namespace

// As many as the unit has, further on.
void Journal::prefetch_balances(const LockBatch& batch, std::uint32_t unit) const {
  const auto& numbers = batch.account_numbers;
  const auto next = unit + 1 < batch.units.size() ? batch.units[unit + 1].first_account
                                                  : static_cast<std::uint32_t>(numbers.size());
  const auto end = std::min(next + kPrefetchAhead, numbers.size());
  for (auto i = batch.units[unit].first_account + kPrefetchAhead; i < end; ++i) {
    books_.prefetch(numbers[i]);
  }
}

Journal::Booked Journal::book(LockBatch& batch, std::uint32_t index) {
  auto& unit = batch.units[index];
  return std::visit(
      ledger::Overloaded{
          [&](const ledger::TransferBatch&) { return book_transfers(batch, index); },
          [&](const ledger::NewAccount& asked) {
            if (const auto problem = policy_problem(batch, index)) return *problem;
            const auto account = group_->add(asked, unit.submission->origin.get());
            batch.set_sequence(index, account.sequence);
            unit.created = account.number;
            books_.open(account.initial_balance, ledger::policy_of(account));
            return end_creation();
          },
          [&](const ledger::NewParticipant& asked) {
            batch.set_sequence(index, group_->add(asked, unit.submission->origin.get()).sequence);
            return end_creation();
          },
          [&](const ledger::KeyRequest& asked) { return book_seal(batch, index, asked); },
      },
      unit.submission->operation);
}

// What was read for shards to come lacks what was just created.
Journal::Booked Journal::end_creation() {
  rosters_.clear();
  group_->end_unit();
  return Booked::yes;
}

// The coordinator has looked at the chain up to `keys_known`.
void Journal::look_up_keys(const UnitsOf& units) {
  bound_.clear();
  unreadable_.clear();
  keys_readable_ = true;
  std::vector<const ledger::Transfer*> keyed;
  for (const auto index : units.units) {
    const auto& unit = units.batch->units[index];
    const auto& submission = *unit.submission;
    const auto transfers = submission.transfers();
    if (transfers.empty()) continue;
    for (auto i = unit.first_item; i < unit.first_item + unit.item_count; ++i) {
      const auto& transfer = transfers[i];
      if (transfer.idempotency_key.empty() || !is_undecided(submission.results[i])) continue;
      keyed.push_back(&transfer);
    }
  }
  if (keyed.empty()) return;
  const auto found = runtime_->store->find_keys(keyed, units.batch->keys_known);
  if (!found) {
    log(Module::journal).error("cannot look keys up: {}", found.error().message);
    keys_readable_ = false;
    return;
  }
  for (const auto& [transfer, binding] : *found) {
    (binding ? bound_ : unreadable_).insert(keyed[transfer]);
    if (!binding) log(Module::journal).error("cannot look a key up: {}", binding.error().message);
  }
}

void Journal::look_up_claims(const UnitsOf& units) {
  lost_claims_.clear();
  claims_unreadable_.clear();
  std::vector<const ledger::Transfer*> unique;
  std::vector<const ledger::Transfer*> reversals;
  for (const auto index : units.units) {
    const auto& unit = units.batch->units[index];
    const auto& submission = *unit.submission;
    if (!submission.claims) continue;
    for (auto i = unit.first_item; i < unit.first_item + unit.item_count; ++i) {
      const auto& transfer = submission.transfers()[i];
      if (!is_undecided(submission.results[i])) continue;
      if (ledger::wants_unique_reference(transfer)) unique.push_back(&transfer);
      if (ledger::is_reversal(transfer)) reversals.push_back(&transfer);
    }
  }
  using Found = persistence::StoreResult<std::vector<persistence::FoundReference>>;
  const auto take = [this](const std::vector<const ledger::Transfer*>& asked, const Found& found) {
    if (!found) {
      log(Module::journal).error("cannot look claims up: {}", found.error().message);
      claims_unreadable_.insert(asked.begin(), asked.end());
      return;
    }
    for (const auto& [transfer, place] : *found) {
      (place ? lost_claims_ : claims_unreadable_).insert(asked[transfer]);
      if (!place) log(Module::journal).error("cannot look a claim up: {}", place.error().message);
    }
  };
  const auto after = units.batch->keys_known;
  if (!unique.empty()) take(unique, runtime_->store->find_references(unique, after));
  if (reversals.empty() || faults::has(faults::Defect::reversal_race)) return;
  take(reversals, runtime_->store->find_reversed(reversals, after));
}

std::optional<Journal::Booked> Journal::key_problem(const ledger::Transfer& transfer) {
  if (!keys_readable_ || unreadable_.contains(&transfer)) return Booked::key_unreadable;
  // Two keys of one hash in a group: the second is looked up again once the first is durable.
  if (bound_.contains(&transfer) || is_in_flight(transfer.key_hash)) return Booked::key_bound;
  return std::nullopt;
}

Journal::Booked Journal::book_seal(LockBatch& batch, std::uint32_t index,
                                   const ledger::KeyRequest& asked) {
  const auto& key = asked.key_alone;
  const auto problem = key_problem(key);
  if (problem && !faults::has(faults::Defect::seal_unchecked)) return *problem;
  if (!seals_) {
    const auto seals = runtime_->store->seals();
    if (!seals) {
      log(Module::journal).error("cannot count the sealed keys: {}", seals.error().message);
      return Booked::key_unreadable;
    }
    seals_ = *seals;
  }
  if (*seals_ >= runtime_->settings.ledger.max_seals) return Booked::too_many_seals;
  gathered_.keys.insert(key.key_hash);
  const auto& unit = batch.units[index];
  batch.set_sequence(index, group_->add(persistence::SealRecord{key.idempotency_key, ++*seals_,
                                                                unit.submission->origin.get()}));
  group_->end_unit();
  return Booked::yes;
}

// What the coordinator did not see: of items that do not ask, and so take no claim, and of an
// earlier coordinator's.
std::optional<Journal::Booked> Journal::claim_problem(const Unit& unit) {
  const auto& submission = *unit.submission;
  for (auto i = unit.first_item; i < unit.first_item + unit.item_count; ++i) {
    const auto& transfer = submission.transfers()[i];
    if (!is_undecided(submission.results[i])) continue;
    if (claims_unreadable_.contains(&transfer)) return Booked::claim_unreadable;
    if (lost_claims_.contains(&transfer)) return Booked::claim_lost;
    if (ledger::wants_unique_reference(transfer) &&
        is_claim_in_flight(Claims::hash_of(transfer.reference)) &&
        !faults::has(faults::Defect::reuse_reference)) {
      return Booked::claim_lost;
    }
    if (ledger::is_reversal(transfer) &&
        is_claim_in_flight(Claims::hash_of(transfer.details->reverses)) &&
        !faults::has(faults::Defect::reversal_race)) {
      return Booked::claim_lost;
    }
  }
  return std::nullopt;
}

Journal::Booked Journal::book_transfers(LockBatch& batch, std::uint32_t index) {
  const auto& unit = batch.units[index];
  const auto& submission = *unit.submission;
  const auto transfers = submission.transfers();
  const auto end = unit.first_item + unit.item_count;
  for (auto i = unit.first_item; i < end; ++i) {
    if (!is_undecided(submission.results[i])) continue;
    const auto& transfer = transfers[i];
    if (transfer.idempotency_key.empty()) continue;
    if (const auto problem = key_problem(transfer)) return *problem;
  }
  if (submission.claims) {
    if (const auto problem = claim_problem(unit)) return *problem;
  }
  if (const auto problem = policy_problem(batch, index)) return *problem;
  if (!move_money(batch, index)) return Booked::refused;

  const auto outcome = batch.outcomes.find(index);
  const auto* changed = outcome == batch.outcomes.end() ? nullptr : outcome->second.policies.data();
  auto account = unit.first_account;
  auto sequence = group_->last_sequence() + 1;
  batch.set_sequence(index, sequence);
  for (auto i = unit.first_item; i < end; ++i) {
    if (!is_undecided(submission.results[i])) continue;
    const auto& transfer = transfers[i];
    const auto* policy = ledger::is_policy(transfer) ? changed++ : nullptr;
    take_postings(transfer, policy, std::span(batch.account_numbers).subspan(account));
    account += static_cast<std::uint32_t>(transfer.entries.size());
    if (!transfer.idempotency_key.empty()) gathered_.keys.insert(transfer.key_hash);
    if (!transfer.reference.empty()) gathered_.claims.add(Claims::hash_of(transfer.reference));
    const auto* reversal = submission.reversal_of(i);
    if (reversal != nullptr) gathered_.claims.add(Claims::hash_of(transfer.details->reverses));
    const auto* remainder = reversal != nullptr ? &reversal->remainder : nullptr;
    const auto added =
        group_->add(persistence::TransferRecord{transfer.kind,
                                                postings_,
                                                transfer.reference,
                                                transfer.idempotency_key,
                                                transfer.key_hash,
                                                {},
                                                transfer.details,
                                                submission.origin.get(),
                                                remainder,
                                                policy != nullptr ? &policy->result : nullptr});
    ledger::invariant(added == sequence++, "the sequences of a unit have a gap");
  }
  group_->end_unit();
  return Booked::yes;
}

void Journal::take_postings(const ledger::Transfer& transfer, const ledger::ChangedPolicy* changed,
                            std::span<const ledger::AccountNumber> numbers) {
  postings_.clear();
  if (changed == nullptr) {
    for (std::size_t i = 0; i < transfer.entries.size(); ++i) {
      postings_.push_back({numbers[i], transfer.entries[i].amount});
    }
  } else if (changed->swept != 0) {
    postings_.push_back({changed->result.account, -changed->swept});
    postings_.push_back({changed->swept_to, changed->swept});
  }
}

std::optional<Journal::Booked> Journal::policy_problem(LockBatch& batch, std::uint32_t index) {
  if (batch.outcomes.contains(index)) {
    const auto standing_of = [this](ledger::AccountNumber number) {
      return books_.standing(number);
    };
    refused_state_ = ledger::judge_policies(batch, index, standing_of, require_balanced_);
  } else {
    refused_state_ = require_balanced_ ? ledger::check_balance(batch.units[index]) : std::nullopt;
  }
  return refused_state_ ? std::optional(Booked::state) : std::nullopt;
}

bool Journal::move_money(const LockBatch& batch, std::uint32_t index) {
  const auto& unit = batch.units[index];
  const auto found = batch.outcomes.find(index);
  const auto* outcome = found == batch.outcomes.end() ? nullptr : &found->second;
  const auto transfers = unit.submission->transfers();
  const auto for_each_entry = [&](const auto& visit) {
    auto account = unit.first_account;
    for (auto i = unit.first_item; i < unit.first_item + unit.item_count; ++i) {
      if (!is_undecided(unit.submission->results[i])) continue;
      for (const auto& entry : transfers[i].entries) {
        const auto number = batch.account_numbers[account++];
        // Those were judged item by item, and have their outcome.
        if (outcome == nullptr || outcome->find(number) == nullptr) visit(number, entry.amount);
      }
    }
  };
  if (const auto wrong = books_.book(for_each_entry)) {
    log(Module::journal)
        .critical(
            "a granted unit would take account {} to {}, against its policy: floor {}, ceiling {}, "
            "frozen sides {}, closed {}",
            wrong->account, wrong->balance, wrong->policy.floor, wrong->policy.ceiling,
            static_cast<int>(wrong->policy.frozen), wrong->policy.closed);
    return false;
  }
  if (outcome == nullptr) return true;
  for (const auto& [number, balance, policy] : outcome->accounts) {
    books_.settle(number, balance, policy);
  }
  for (const auto& [result, to, swept] : outcome->policies) {
    if (result.account == ledger::kNoAccount) require_balanced_ = result.require_balanced;
  }
  return true;
}

}  // namespace sg::actors
