#include "tests/support/model_journal.hpp"

#include <algorithm>
#include <utility>

#include "ledger/flow/policy_unit.hpp"

namespace sg::test {

using ledger::ItemResult;
using ledger::Reason;
using ledger::RejectedUnits;
using ledger::Sequence;
using ledger::WideAmount;

void ModelJournal::open_account(std::string_view id, ledger::Amount balance, ledger::Amount floor) {
  const auto number = static_cast<ledger::AccountNumber>(first_.accounts.size());
  first_.accounts.emplace(id, ImageAccount{number, balance, ledger::Policy{floor}});
  image_ = durable_ = first_;
}

void ModelJournal::open_participant(std::string_view id) {
  first_.participants.emplace(id);
  image_ = durable_ = first_;
}

bool ModelJournal::touches_changed_shard(const ledger::LockBatch& batch, std::uint32_t unit) const {
  for (std::size_t shard = 0; shard < batch.parts.size(); ++shard) {
    const auto& part = batch.parts[shard];
    const bool touched = std::any_of(part.units.begin(), part.units.end(),
                                     [&](const auto& p) { return p.unit == unit; });
    if (touched && part.incarnation != shard_incarnations[shard]) return true;
  }
  return false;
}

// The sequence of the last binding of any of the unit's keys; 0: none is bound.
Sequence ModelJournal::bound_at(const ledger::Unit& unit) const {
  const auto& submission = *unit.submission;
  Sequence at = 0;
  for (auto i = unit.first_item; i < unit.first_item + unit.item_count; ++i) {
    if (submission.transfers().empty()) continue;
    if (submission.results[i].state != ItemResult::State::undecided) continue;
    const auto found = image_.keys.find(submission.transfers()[i].idempotency_key);
    if (found != image_.keys.end()) at = std::max(at, found->second.sequence);
  }
  return at;
}

// The same of the references that have to be unique.
Sequence ModelJournal::used_at(const ledger::Unit& unit) const {
  const auto& submission = *unit.submission;
  Sequence at = 0;
  for (auto i = unit.first_item; i < unit.first_item + unit.item_count; ++i) {
    if (submission.transfers().empty()) continue;
    const auto& transfer = submission.transfers()[i];
    if (submission.results[i].state != ItemResult::State::undecided) continue;
    if (!ledger::wants_unique_reference(transfer)) continue;
    const auto found = image_.references.find(transfer.reference);
    if (found != image_.references.end()) at = std::max(at, found->second.sequence);
  }
  return at;
}

namespace {

// What the record takes back; 0: it is no reversal.
Sequence original_of(const ModelRecord& record) {
  const auto transfers = record.submission->transfers();
  if (transfers.empty() || transfers[record.item].details == nullptr) return 0;
  return transfers[record.item].details->reverses.sequence;
}

}  // namespace

// The last reversal of an original of the unit that its coordinator did not see; 0: there is none.
Sequence ModelJournal::reversed_at(const ledger::LockBatch& batch, const ledger::Unit& unit) const {
  const auto& submission = *unit.submission;
  Sequence at = 0;
  for (auto i = unit.first_item; i < unit.first_item + unit.item_count; ++i) {
    if (submission.transfers().empty()) continue;
    const auto& transfer = submission.transfers()[i];
    if (submission.results[i].state != ItemResult::State::undecided) continue;
    if (transfer.details == nullptr || transfer.details->reverses.sequence == 0) continue;
    for (const auto& stored : chain_) {
      for (const auto& record : stored.records) {
        const bool is_late = record.sequence > batch.keys_known;
        if (is_late && original_of(record) == transfer.details->reverses.sequence) {
          at = std::max(at, record.sequence);
        }
      }
    }
  }
  return at;
}

std::map<std::string, WideAmount> ModelJournal::left_of(Sequence transaction,
                                                        Sequence until) const {
  std::map<std::string, WideAmount> left;
  for (const auto& unit : chain_) {
    for (const auto& record : unit.records) {
      const bool counts = record.sequence == transaction || original_of(record) == transaction;
      if (!counts || record.sequence > until) continue;
      for (const auto& posting : record.postings) left[posting.account] += posting.amount;
    }
  }
  return left;
}

std::vector<ledger::Result<std::optional<ledger::Original>>> ModelJournal::originals(
    std::span<const ledger::TransactionPlace> places, std::size_t) {
  std::vector<ledger::Result<std::optional<ledger::Original>>> all;
  for (const auto& place : places) all.push_back(original(place));
  return all;
}

ledger::Result<std::optional<ledger::Original>> ModelJournal::original(
    const ledger::TransactionPlace& place) {
  if (!keys_readable) {
    return tl::unexpected(
        ledger::Error{Reason::journal_unavailable, "no", {}, ledger::Outcome::none});
  }
  if (place.sequence > durable_.last || unit_of(place.sequence).time != place.time) {
    return std::nullopt;
  }
  const auto& record = *record_at(place.sequence);
  ledger::Original original;
  original.place = place;
  original.newest = place.sequence;
  original.is_reversible = !record.postings.empty();
  auto left = left_of(place.sequence, durable_.last);
  // In the order of its entries.
  for (const auto& posting : record.postings) {
    const auto amount = std::exchange(left[posting.account], 0);
    if (amount == 0) continue;
    const auto number = image_.accounts.find(posting.account)->second.number;
    original.remaining.push_back({number, posting.account, amount});
  }
  for (const auto& unit : chain_) {
    for (const auto& one : unit.records) {
      if (one.sequence <= durable_.last && original_of(one) == place.sequence) {
        original.newest = one.sequence;
      }
    }
  }
  return original;
}

ModelJournal::Reply ModelJournal::commit(const ledger::UnitsOf& units) {
  Reply reply;
  auto& batch = *units.batch;
  if (batch.coordinator != coordinator) return reply;
  const auto reject = [&](std::uint32_t unit, RejectedUnits::Why why) {
    reply.rejected.push_back({{units.batch, {unit}}, why, {}});
  };
  std::vector<std::uint32_t> accepted;
  ++time_;
  for (const auto index : units.units) {
    auto& unit = batch.units[index];
    const auto bound = bound_at(unit);
    const auto used = std::max(used_at(unit), reversed_at(batch, unit));
    if (touches_changed_shard(batch, index)) {
      reject(index, RejectedUnits::Why::shard_changed);
    } else if (bound > durable_.last) {
      late_rejected_.push_back({{units.batch, {index}}, RejectedUnits::Why::key_bound, {}});
    } else if (bound > 0) {
      reject(index, RejectedUnits::Why::key_bound);
    } else if (used > durable_.last) {
      late_rejected_.push_back({{units.batch, {index}}, RejectedUnits::Why::claim_lost, {}});
    } else if (used > 0) {
      reject(index, RejectedUnits::Why::claim_lost);
    } else if (unit.submission->key_request() != nullptr && image_.seals >= max_seals) {
      reject(index, RejectedUnits::Why::too_many_seals);
    } else if (full) {
      reject(index, RejectedUnits::Why::storage_full);
    } else if (auto refusal = refused_by_policy(batch, index)) {
      // Told once what it shows is durable.
      late_rejected_.push_back(
          {{units.batch, {index}}, RejectedUnits::Why::state, {std::move(*refusal)}});
    } else {
      apply(batch, index);
      accepted.push_back(index);
    }
  }
  if (accepted.empty()) return reply;
  for (std::uint32_t shard = 0; shard < batch.parts.size(); ++shard) {
    Applied applied{shard, {units.batch, {}}, image_.last};
    for (const auto index : accepted) {
      if (find_unit(batch.parts[shard], index) != nullptr) applied.units.units.push_back(index);
    }
    if (!applied.units.units.empty()) reply.applied.push_back(std::move(applied));
  }
  committed_.push_back({{units.batch, std::move(accepted)}, time_});
  return reply;
}

void ModelJournal::apply(ledger::LockBatch& batch, std::uint32_t index) {
  auto& unit = batch.units[index];
  const auto& submission = *unit.submission;
  auto& stored = chain_.emplace_back();
  stored.time = time_;
  batch.set_sequence(index, image_.last + 1);
  if (const auto* participant = std::get_if<ledger::NewParticipant>(&submission.operation)) {
    if (!image_.participants.insert(participant->id).second) {
      faults.push_back("a participant was created twice");
    }
    stored.records.push_back({++image_.last, &submission, 0, {}});
  } else if (const auto* asked = std::get_if<ledger::NewAccount>(&submission.operation)) {
    const auto& account = *asked;
    unit.created = static_cast<ledger::AccountNumber>(image_.accounts.size());
    const ImageAccount made{unit.created, account.initial_balance, ledger::policy_of(account)};
    if (!image_.accounts.emplace(account.id, made).second) {
      faults.push_back("account " + account.id + " was created twice");
    }
    const auto owner = ledger::possible_owner(account.id);
    if (account.participant_id.empty() && image_.participants.contains(owner)) {
      faults.push_back("standalone account " + account.id + " has an id of a participant's");
    }
    if (!account.participant_id.empty() && !image_.participants.contains(account.participant_id)) {
      faults.push_back("account " + account.id + " was created before its participant");
    }
    stored.records.push_back({++image_.last, &submission, 0, {}});
  } else {
    apply_transfers(batch, index, stored);
  }
}

// An account has something left, of the sign that the original has moved, or nothing.
void ModelJournal::check_reversal(const ModelRecord& reversal) {
  const auto original = original_of(reversal);
  if (original == 0) return;
  const auto* record = record_at(original);
  if (record == nullptr || record->sequence >= reversal.sequence) {
    return faults.push_back("a reversal takes back what is not before it");
  }
  std::map<std::string, WideAmount> moved;
  for (const auto& posting : record->postings) moved[posting.account] += posting.amount;
  for (const auto& [id, left] : left_of(original, image_.last)) {
    const auto whole = moved.contains(id) ? moved[id] : 0;
    const bool is_right = whole >= 0 ? left >= 0 && left <= whole : left <= 0 && left >= whole;
    if (!is_right) faults.push_back("more was taken back on " + id + " than was moved");
  }
}

std::optional<ledger::StateRefusal> ModelJournal::refused_by_policy(ledger::LockBatch& batch,
                                                                    std::uint32_t index) const {
  if (!batch.outcomes.contains(index)) {
    return image_.require_balanced ? ledger::check_balance(batch.units[index]) : std::nullopt;
  }
  const auto standing_of = [this](ledger::AccountNumber number) {
    for (const auto& [id, account] : image_.accounts) {
      if (account.number == number) return ledger::Standing{account.balance, account.policy};
    }
    return ledger::Standing{};
  };
  return ledger::judge_policies(batch, index, standing_of, image_.require_balanced);
}

void ModelJournal::apply_transfers(ledger::LockBatch& batch, std::uint32_t index,
                                   ModelUnit& stored) {
  const auto& unit = batch.units[index];
  const auto& submission = *unit.submission;
  const auto outcome = batch.outcomes.find(index);
  std::size_t policies = 0;
  std::map<std::string, WideAmount> net;
  auto number = unit.first_account;
  for (auto i = unit.first_item; i < unit.first_item + unit.item_count; ++i) {
    if (submission.results[i].state != ItemResult::State::undecided) continue;
    const auto& transfer = submission.transfers()[i];
    ModelRecord record{++image_.last, &submission, i, {}};
    for (const auto& entry : transfer.entries) {
      const std::string id(entry.account_id);
      if (!ledger::is_policy(transfer)) record.postings.push_back({id, entry.amount});
      net[id] += entry.amount;
      const auto found = image_.accounts.find(id);
      if (found == image_.accounts.end() || found->second.number != batch.account_numbers[number]) {
        faults.push_back("the entry on " + id + " has not the number of its account");
      }
      ++number;
    }
    if (ledger::is_policy(transfer)) {
      const auto& changed = outcome->second.policies[policies++];
      record.policy = changed.result;
      if (changed.swept != 0) {
        const auto& change = *transfer.details->policy;
        record.postings = {{std::string(change.account_id), -changed.swept},
                           {std::string(change.sweep_to), changed.swept}};
        for (const auto& posting : record.postings) net[posting.account] += posting.amount;
      }
      if (changed.result.account == ledger::kNoAccount) {
        image_.require_balanced = changed.result.require_balanced;
      }
    }
    stored.records.push_back(std::move(record));
    check_reversal(stored.records.back());
    if (!transfer.reference.empty()) {
      const bool is_used = image_.references.contains(transfer.reference);
      if (is_used && ledger::wants_unique_reference(transfer)) {
        faults.push_back("reference " + std::string(transfer.reference) + " is not unique");
      }
      image_.references.try_emplace(std::string(transfer.reference),
                                    ledger::RecordPlace{image_.last, time_});
    }
    if (transfer.idempotency_key.empty()) continue;
    const bool seals = submission.key_request() != nullptr;
    if (seals) ++image_.seals;
    const ModelBinding bound{image_.last, time_, content(transfer), seals};
    if (!image_.keys.emplace(transfer.idempotency_key, bound).second) {
      faults.push_back("key " + std::string(transfer.idempotency_key) + " has two effects");
    }
  }
  if (stored.records.empty()) faults.push_back("a unit without records was committed");
  for (const auto& [id, amount] : net) {
    auto& account = image_.accounts[id];
    const WideAmount balance = account.balance + amount;
    const auto* changed =
        outcome == batch.outcomes.end() ? nullptr : outcome->second.find(account.number);
    if (changed != nullptr) {
      if (changed->balance != balance) faults.push_back(id + " has another outcome than its unit");
      account.policy = changed->policy;
    } else if (amount < 0 && balance < account.policy.floor) {
      faults.push_back(id + " fell below its floor");
    } else if (amount > 0 && balance > account.policy.ceiling) {
      faults.push_back(id + " rose above its ceiling");
    }
    account.balance = static_cast<ledger::Amount>(balance);
  }
}

ModelJournal::Synced ModelJournal::sync() {
  durable_ = image_;
  durable_units_ = chain_.size();
  return {durable_.last, std::exchange(committed_, {}), std::exchange(late_rejected_, {})};
}

void ModelJournal::crash() {
  image_ = durable_;
  chain_.resize(durable_units_);
  committed_.clear();
  late_rejected_.clear();
}

ledger::Result<std::vector<ledger::BoundTransfer>> ModelJournal::find(
    std::span<const ledger::Transfer* const> transfers) {
  if (!keys_readable) {
    return tl::unexpected(
        ledger::Error{Reason::journal_unavailable, "no", {}, ledger::Outcome::none});
  }
  std::vector<ledger::BoundTransfer> bound;
  for (const auto* transfer : transfers) {
    const auto found = durable_.keys.find(transfer->idempotency_key);
    if (found == durable_.keys.end()) continue;
    const auto& [sequence, time, theirs, sealed] = found->second;
    const auto& unit = unit_of(sequence).records;
    bound.push_back({transfer, ledger::KeyBinding{sequence, time, theirs == content(*transfer),
                                                  unit.front().sequence == sequence,
                                                  unit.back().sequence == sequence, sealed}});
  }
  return bound;
}

ledger::Result<std::vector<ledger::BoundReference>> ModelJournal::find_references(
    std::span<const ledger::Transfer* const> transfers) {
  if (!keys_readable) {
    return tl::unexpected(
        ledger::Error{Reason::journal_unavailable, "no", {}, ledger::Outcome::none});
  }
  references_asked += transfers.size();
  std::vector<ledger::BoundReference> bound;
  for (const auto* transfer : transfers) {
    const auto found = durable_.references.find(transfer->reference);
    if (found != durable_.references.end()) bound.push_back({transfer, found->second});
  }
  return bound;
}

namespace {

std::string content_of_policy(const ledger::Transfer& transfer) {
  if (!transfer.details->policy) return {};
  const auto& change = *transfer.details->policy;
  const auto number = [](const auto& value) {
    return value ? std::to_string(static_cast<ledger::Amount>(*value)) : std::string("-");
  };
  return "#policy " + std::string(change.account_id) + " " + number(change.floor) + " " +
         number(change.ceiling) + " " + (change.clear_ceiling ? "clear " : "") +
         number(change.debits_frozen) + number(change.credits_frozen) +
         std::to_string(static_cast<int>(change.status)) + " " + std::string(change.sweep_to) +
         (change.allow_beyond ? " beyond" : "") + number(change.require_balanced);
}

}  // namespace

std::string ModelJournal::content(const ledger::Transfer& transfer) {
  std::string text = std::to_string(static_cast<int>(transfer.kind));
  for (const auto& entry : transfer.entries) {
    if (ledger::reverses_all(transfer)) break;
    text += '|' + std::string(entry.account_id) + '=' + std::to_string(entry.amount);
  }
  text.append("#").append(transfer.reference);
  if (transfer.details == nullptr) return text;
  for (const auto& [key, value] : transfer.details->metadata) {
    text.append("#").append(key).append("=").append(value);
  }
  return text + '#' + std::to_string(transfer.details->effective_at) +
         (transfer.details->balanced ? "#balanced" : "") +
         (transfer.details->unique_reference ? "#unique" : "") + "#" +
         std::to_string(transfer.details->reverses.sequence) + "/" +
         std::to_string(transfer.details->reverses.time) +
         (transfer.details->reverses_all ? "#all" : "") + content_of_policy(transfer);
}

const ModelUnit& ModelJournal::unit_of(Sequence sequence) const {
  return *std::find_if(chain_.begin(), chain_.end(), [sequence](const ModelUnit& unit) {
    return unit.records.back().sequence >= sequence;
  });
}

const ModelRecord* ModelJournal::record_at(Sequence sequence) const {
  for (const auto& unit : chain_) {
    for (const auto& record : unit.records) {
      if (record.sequence == sequence) return &record;
    }
  }
  return nullptr;
}

std::optional<Sequence> ModelJournal::made_at(std::string_view participant) const {
  if (first_.participants.contains(participant)) return 0;
  for (const auto& unit : chain_) {
    for (const auto& record : unit.records) {
      const auto* made = std::get_if<ledger::NewParticipant>(&record.submission->operation);
      if (made && made->id == participant) return record.sequence;
    }
  }
  return std::nullopt;
}

std::vector<ModelJournal::Stood> ModelJournal::history(std::string_view account) const {
  std::vector<Stood> stood;
  const auto opened = first_.accounts.find(account);
  if (opened != first_.accounts.end()) {
    stood.push_back({0, opened->second.balance, opened->second.policy});
  }
  for (const auto& unit : chain_) {
    WideAmount net = 0;
    bool named = false;
    std::optional<ledger::Policy> policy;
    for (const auto& record : unit.records) {
      const auto* created = std::get_if<ledger::NewAccount>(&record.submission->operation);
      if (created && created->id == account) {
        stood.push_back({record.sequence, created->initial_balance, ledger::policy_of(*created)});
      }
      if (record.policy) {
        const auto& change = *record.submission->transfers()[record.item].details->policy;
        if (change.account_id == account) policy = record.policy->policy;
      }
      for (const auto& posting : record.postings) {
        if (posting.account != account) continue;
        net += posting.amount;
        named = true;
      }
    }
    if ((!named && !policy) || stood.empty()) continue;
    stood.push_back({unit.records.back().sequence,
                     static_cast<ledger::Amount>(stood.back().balance + net),
                     policy.value_or(stood.back().policy)});
  }
  return stood;
}

}  // namespace sg::test
