// How a submission becomes lock requests. Each unit's entries go to the parts of the shards that
// own their accounts. Within a part, entries of a unit stand together, and units stand in the order
// of their numbers; find_unit() relies on that.
#include "ledger/locks/lock_batch.hpp"

#include <algorithm>

namespace sg::ledger {
namespace {

// Smaller submissions come in numbers, so the vectors simply grow as they come.
constexpr std::size_t kManyItems = 64;

// Adds an entry to the part of its shard. The unit's first entry there also adds its UnitPart.
void add_entry(LockBatch& batch, std::uint32_t unit, std::size_t shard, EntryPart entry) {
  auto& part = batch.parts[shard];
  if (part.units.empty() || part.units.back().unit != unit) {
    part.units.push_back({.unit = unit,
                          .first_entry = static_cast<std::uint32_t>(part.entries.size()),
                          .first_account = batch.units[unit].first_account});
    ++batch.units[unit].unheard;
  }
  ++part.units.back().entry_count;
  part.entries.push_back(entry);
}

void add_entries(LockBatch& batch, std::uint32_t unit, const NewParticipant& participant) {
  const auto shard = shard_of(participant.id, batch.parts.size());
  add_entry(batch, unit, shard, {participant.id, 0, 0, LockMode::create_participant});
}

void add_entries(LockBatch& batch, std::uint32_t unit, const NewAccount& account) {
  const auto shard = shard_of(account.id, batch.parts.size());
  if (!account.participant_id.empty()) {
    // The participant first: its absence is told before the account's presence.
    add_entry(batch, unit, shard, {account.participant_id, 0, 0, LockMode::participant_exists});
    add_entry(batch, unit, shard, {account.id, 0, 1, LockMode::create_account});
    // Of a participant whose id begins like that of the owner.
    const auto other = possible_owner(account.id);
    if (other.empty() || other == account.participant_id) return;
    add_entry(batch, unit, shard, {other, 0, 2, LockMode::participant_absent});
    return;
  }
  // The account first: a creation that is tried again is told that the account exists.
  add_entry(batch, unit, shard, {account.id, 0, 0, LockMode::create_account});
  const auto owner = possible_owner(account.id);
  if (!owner.empty()) add_entry(batch, unit, shard, {owner, 0, 1, LockMode::participant_absent});
}

// The coordinator keeps keys apart, and no shard knows them.
void add_entries(LockBatch&, std::uint32_t, const KeyRequest&) {}

void add_entries(LockBatch& batch, std::uint32_t unit, const TransferBatch& asked) {
  const auto of = batch.units[unit];
  std::uint32_t index = 0;
  for (std::uint32_t i = of.first_item; i < of.first_item + of.item_count; ++i) {
    if (of.submission->results[i].state != ItemResult::State::undecided) continue;
    const bool changes = is_policy(asked.transfers[i]);
    if (changes) batch.outcomes.try_emplace(unit);
    for (const auto& entry : asked.transfers[i].entries) {
      add_entry(batch, unit, shard_of(entry.account_id, batch.parts.size()),
                {entry.account_id, entry.amount, index++,
                 changes ? LockMode::exclusive : LockMode::escrow,
                 static_cast<std::uint16_t>(i - of.first_item)});
    }
  }
  batch.account_numbers.resize(of.first_account + index, kNoAccount);
}

}  // namespace

void reserve(LockBatch& batch, const Submission& submission) {
  const auto items = submission.transfers().size();
  if (items < kManyItems) return;
  std::size_t entries = 0;
  for (const auto& transfer : submission.transfers()) entries += transfer.entries.size();
  batch.units.reserve(batch.units.size() + items);
  batch.sequences.reserve(batch.units.size() + items);
  batch.account_numbers.reserve(batch.account_numbers.size() + entries);
  // Spread over the shards; a hash spreads well, a hot account does not.
  const auto share = entries / batch.parts.size() * 9 / 8 + 8;
  for (auto& part : batch.parts) {
    part.units.reserve(part.units.size() + std::min(items, share));
    part.entries.reserve(part.entries.size() + share);
  }
}

void add_unit(LockBatch& batch, Submission& submission, std::uint32_t first_item,
              std::uint32_t item_count) {
  const auto unit = static_cast<std::uint32_t>(batch.units.size());
  auto& added = batch.units.emplace_back();
  batch.sequences.push_back(0);
  added.submission = &submission;
  added.first_item = first_item;
  added.item_count = item_count;
  added.first_account = static_cast<std::uint32_t>(batch.account_numbers.size());

  std::visit([&](const auto& operation) { add_entries(batch, unit, operation); },
             submission.operation);
  batch.units[unit].ungranted = batch.units[unit].unheard;
  ++batch.undecided;
}

EntryPlace locate(const Unit& unit, std::uint32_t entry) {
  const auto& submission = *unit.submission;
  for (std::uint32_t i = unit.first_item; i < unit.first_item + unit.item_count; ++i) {
    if (submission.transfers().empty()) return {i, entry};
    if (submission.results[i].state != ItemResult::State::undecided) continue;
    const auto count = static_cast<std::uint32_t>(submission.transfers()[i].entries.size());
    if (entry < count) return {i, entry};
    entry -= count;
  }
  return {unit.first_item, 0};
}

UnitPart* find_unit(ShardPart& part, std::uint32_t unit) {
  const auto found =
      std::lower_bound(part.units.begin(), part.units.end(), unit,
                       [](const UnitPart& p, std::uint32_t u) { return p.unit < u; });
  return found != part.units.end() && found->unit == unit ? &*found : nullptr;
}

}  // namespace sg::ledger
