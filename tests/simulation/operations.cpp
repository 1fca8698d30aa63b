// What the clients ask for: operations that nobody asked for before, and changed ones.
#include <algorithm>
#include <utility>

#include "tests/simulation/clients.hpp"

namespace sg::test {
namespace {

constexpr int kMaxParties = 6;
constexpr int kMaxItems = 6;
constexpr ledger::Amount kMaxMoved = 120;
constexpr std::size_t kNear = 6;
constexpr std::uint64_t kShared = 40;    // references that several intents have
constexpr std::uint64_t kKeysAhead = 4;  // that are asked for before a transfer has them
// An account that is asked for before somebody makes it.
constexpr std::size_t kNamesAhead = 2;

std::string created_name(std::size_t index) { return "new" + std::to_string(index); }

}  // namespace

Operation Clients::new_operation() {
  auto& random = world_.random;
  const auto& w = world_.scenario.workload;
  Operation operation;
  if (w.key_requests > 0 && world_.more.chance(w.key_requests)) {
    operation.intents.push_back(new_key_request());
    return operation;
  }
  if (random.chance(w.create)) {
    operation.intents.push_back(new_account());
    return operation;
  }
  int items = 1;
  if (random.chance(w.batch)) {
    items = static_cast<int>(random.between(1, kMaxItems));
    operation.atomic = random.chance(w.atomic);
  }
  // In an atomic batch either every transfer has a key or none has.
  bool keyed = random.chance(w.keyed);
  for (int i = 0; i < items; ++i) {
    if (!operation.atomic) keyed = random.chance(w.keyed);
    const auto reversal =
        w.reversals > 0 && world_.more.chance(w.reversals) ? new_reversal(keyed) : std::nullopt;
    if (!reversal && w.policies > 0 && world_.more.chance(w.policies)) {
      operation.intents.push_back(new_policy(keyed));
    } else {
      operation.intents.push_back(reversal ? *reversal : new_transfer(keyed));
    }
  }
  return operation;
}

std::optional<IntentId> Clients::new_reversal(bool keyed) {
  if (done_.empty()) return std::nullopt;
  auto& more = world_.more;
  // Most of a few of late: several take back the same.
  const auto among = more.below(3) == 0 ? done_.size() : std::min<std::size_t>(done_.size(), 4);
  const auto& [place, of] = done_[done_.size() - 1 - more.below(among)];
  Intent intent;
  intent.name = "reversal " + std::to_string(log_.intents.size());
  intent.reverses = place;
  if (more.below(40) == 0) ++intent.reverses.time;
  if (keyed) intent.key = "k" + intent.name;
  const auto& moved = log_.intents[of].postings;
  if (!moved.empty() && more.below(3) > 0) {
    const auto& [account, amount] = moved[more.below(moved.size())];
    const auto part = amount / more.between(1, 3);
    intent.postings.push_back({account, -(part == 0 ? amount : part)});
  }
  log_.intents.push_back(std::move(intent));
  return log_.intents.size() - 1;
}

// Limits near the balances. What stops an account is taken back more often than it is set, and
// others than the first few are stopped: the run has to go on.
IntentId Clients::new_policy(bool keyed) {
  auto& more = world_.more;
  Intent intent;
  intent.name = "policy " + std::to_string(log_.intents.size());
  if (keyed) intent.key = "k" + intent.name;
  auto& policy = intent.policy.emplace();
  auto& change = policy.change;
  policy.account = accounts_[more.below(accounts_.size())];
  switch (more.below(7)) {
    case 0:
      change.floor = more.between(-2 * kMaxMoved, kMaxMoved / 4);
      break;
    case 1:
      change.ceiling = more.between(0, 20 * kMaxMoved);
      break;
    case 2:
      change.clear_ceiling = true;
      break;
    case 3:
      change.debits_frozen = more.below(3) == 0;
      break;
    case 4:
      change.credits_frozen = more.below(3) == 0;
      break;
    case 5:
      change.status =
          more.below(3) == 0 ? ledger::AccountStatus::closed : ledger::AccountStatus::open;
      break;
    default:
      policy.account.clear();
      change.require_balanced = more.below(5) == 0;
  }
  change.allow_beyond = !policy.account.empty() && more.below(3) == 0;
  const auto& target = accounts_[more.below(accounts_.size())];
  if (change.status == ledger::AccountStatus::closed && target != policy.account) {
    policy.sweep_to = target;
  }
  log_.intents.push_back(std::move(intent));
  return log_.intents.size() - 1;
}

Operation Clients::changed(Operation operation) {
  auto& random = world_.random;
  auto& intents = operation.intents;
  const auto at = static_cast<std::ptrdiff_t>(random.below(intents.size()));
  const auto is_keyed = [this](IntentId id) { return !log_.intents[id].key.empty(); };
  const bool keyed = is_keyed(intents.front());
  // Those without keys, which their references make idempotent, do not stand beside others in an
  // atomic batch.
  const bool is_mixed = !std::all_of(intents.begin(), intents.end(),
                                     [&](IntentId id) { return is_keyed(id) == keyed; });
  switch (random.below(is_mixed ? 2 : 4)) {
    case 0:
      if (intents.size() > 1) intents.erase(intents.begin() + at);
      break;
    case 1:
      std::rotate(intents.begin(), intents.begin() + at, intents.end());
      break;
    case 2:
      operation.atomic = !operation.atomic;
      break;
    default:
      intents.insert(intents.begin() + at, new_transfer(keyed));
  }
  return operation;
}

IntentId Clients::new_account() {
  auto& random = world_.random;
  Intent intent;
  intent.creates = true;
  intent.name = created_name(created_++);
  intent.opening = random.between(0, kMaxMoved);
  intent.floor = -random.between(0, 10);
  accounts_.push_back(created_name(created_ + kNamesAhead - 1));
  if (std::find(accounts_.begin(), accounts_.end(), intent.name) == accounts_.end()) {
    accounts_.push_back(intent.name);
  }
  log_.intents.push_back(std::move(intent));
  return log_.intents.size() - 1;
}

IntentId Clients::new_key_request() {
  auto& more = world_.more;
  const auto count = log_.intents.size();
  Intent intent;
  intent.name = "key request " + std::to_string(count);
  intent.asks_key = true;
  intent.seals = more.below(2) == 0;
  // Most of a request of late, which may be in flight.
  const auto recent = more.below(4) == 0 ? count : std::min<std::uint64_t>(count, 10);
  const auto place = count - recent + more.below(recent + kKeysAhead);
  intent.key = "kt" + std::to_string(place);
  if (place < count && !log_.intents[place].key.empty()) intent.key = log_.intents[place].key;
  log_.intents.push_back(std::move(intent));
  return log_.intents.size() - 1;
}

const std::string& Clients::pick_account() {
  auto& random = world_.random;
  const auto& w = world_.scenario.workload;
  if (random.chance(w.hot)) return accounts_.front();
  const auto among = random.chance(w.local) ? std::min(kNear, accounts_.size()) : accounts_.size();
  return accounts_[random.below(among)];
}

IntentId Clients::new_transfer(bool keyed) {
  auto& random = world_.random;
  const auto& w = world_.scenario.workload;
  Intent intent;
  intent.name = "t" + std::to_string(log_.intents.size());
  const auto parties = random.between(1, kMaxParties);
  ledger::Amount sum = 0;
  for (std::int64_t i = 0; i < parties; ++i) {
    const auto& account = pick_account();
    auto amount = random.between(1, kMaxMoved);
    if (random.below(2) == 0) amount = -amount;
    // Most transfers sum to zero; fees and issuance do not.
    if (i > 0 && i + 1 == parties && sum != 0 && random.below(8) != 0) amount = -sum;
    sum += amount;
    intent.postings.push_back({account, amount});
  }
  if (keyed) {
    intent.key = "k" + intent.name;
    if (!log_.intents.empty() && random.chance(w.mismatch)) {
      const auto& other = log_.intents[random.below(log_.intents.size())];
      if (!other.key.empty()) intent.key = other.key;
    }
  }
  auto& more = world_.more;
  if (w.references > 0 && more.chance(w.references)) {
    intent.unique = more.below(3) > 0;
    if (more.below(3) > 0) intent.reference = "shared" + std::to_string(more.below(kShared));
  }
  log_.intents.push_back(std::move(intent));
  return log_.intents.size() - 1;
}

}  // namespace sg::test
