#include "tests/simulation/chain_image.hpp"

#include <algorithm>
#include <iterator>

namespace sg::test {
namespace {

using ledger::Amount;
using ledger::Sequence;
using ledger::WideAmount;

constexpr std::size_t kAll = 1'000'000;

class Replay {
 public:
  Replay(const persistence::Store& store, const ClientLog& log, Breaches& breaches)
      : store_(store), log_(log), breaches_(breaches) {
    for (const auto& intent : log.intents) intents_.emplace(intent.name, &intent);
  }

  ChainImage run();

 private:
  void breach(std::string text) { breaches_.push_back(std::move(text)); }
  void add_account(const ledger::Account& account);
  void add(const persistence::StoredTransaction& transaction);
  void read_seals();
  std::string name_of(const persistence::StoredTransaction& transaction) const;
  void check_against_intent(const persistence::StoredTransaction& transaction,
                            const Intent& intent);
  // What is left of what it takes back, and that it takes no more.
  void take_back(const persistence::StoredTransaction& transaction, const Intent& intent);
  void end_unit();
  static bool asks_the_same(const std::optional<persistence::StoredPolicyChange>& there,
                            const std::optional<PolicyOrder>& asked);
  // All transactions, oldest first; those that move nothing too.
  persistence::StoreResult<std::vector<persistence::StoredTransaction>> read_transactions() const;
  void apply_naively();
  // The accounts that were created before that sequence.
  void create_naively(Sequence until);

  const persistence::Store& store_;
  const ClientLog& log_;
  Breaches& breaches_;
  std::map<std::string, const Intent*> intents_;
  ChainImage image_;
  std::vector<std::string> unit_;                // the names of the open unit's transfers
  Sequence last_ = 0;                            // the last one's
  std::map<std::string, WideAmount> moved_;      // by the open unit
  std::vector<NaiveItem> items_;                 // of the open unit
  std::map<Sequence, ledger::Account> created_;  // and not in the model yet
  NaiveLedger naive_;
  const bool any_policy_ =
      std::any_of(log_.intents.begin(), log_.intents.end(),
                  [](const Intent& intent) { return intent.policy.has_value(); });
};

void Replay::add_account(const ledger::Account& account) {
  auto& timeline = image_.accounts[account.id];
  timeline.number = account.number;
  timeline.floor = account.floor;
  timeline.points.push_back({account.sequence, account.initial_balance});
  if (!image_.names.emplace(account.sequence, account.id).second) {
    breach("two records have sequence " + std::to_string(account.sequence));
  }
  image_.by_name.emplace(account.id, account.sequence);
  const auto intent = intents_.find(account.id);
  if (intent == intents_.end()) return;  // opened before the run
  if (intent->second->opening != account.initial_balance ||
      intent->second->floor != account.floor) {
    breach(account.id + " is another account than was asked for");
  }
}

bool Replay::asks_the_same(const std::optional<persistence::StoredPolicyChange>& there,
                           const std::optional<PolicyOrder>& asked) {
  if (!there || !asked) return !there && !asked;
  return there->view() == asked->view();
}

void Replay::check_against_intent(const persistence::StoredTransaction& transaction,
                                  const Intent& intent) {
  const bool same =
      transaction.reference == reference_of(intent) &&
      transaction.details.reverses == intent.reverses &&
      asks_the_same(transaction.details.policy, intent.policy) &&
      (reverses_all(intent) || intent.policy ||
       std::equal(transaction.entries.begin(), transaction.entries.end(), intent.postings.begin(),
                  intent.postings.end(), [](const auto& entry, const Posting& posting) {
                    return entry.account_id == posting.account && entry.amount == posting.amount;
                  }));
  if (!same) breach(intent.name + " is another transfer in the chain than was asked for");
  if (intent.key.empty()) return;
  const auto [bound, added] =
      image_.keys.emplace(intent.key, std::pair(transaction.sequence, intent.name));
  if (!added) {
    breach("key " + intent.key + " has two effects: " + bound->second.second + " and " +
           intent.name);
  }
}

void Replay::take_back(const persistence::StoredTransaction& transaction, const Intent& intent) {
  std::map<std::string, WideAmount> moved;
  for (const auto& entry : transaction.entries) moved[entry.account_id] += entry.amount;
  image_.remainders[transaction.sequence].emplace(transaction.sequence, moved);
  const auto& place = intent.reverses;
  if (place.sequence == 0) return;
  const auto original = image_.remainders.find(place.sequence);
  const auto text = intent.name + " takes back " + std::to_string(place.sequence);
  if (original == image_.remainders.end() || place.sequence >= transaction.sequence) {
    return breach(text + ", which is no transaction before it");
  }
  auto left = original->second.rbegin()->second;
  for (const auto& [account, amount] : moved) {
    if (!can_take(left[account], amount)) {
      breach(text + ": " + std::to_string(static_cast<Amount>(amount)) + " on " + account +
             ", more than was left");
    }
    left[account] += amount;
  }
  const bool is_all =
      std::all_of(left.begin(), left.end(), [](const auto& one) { return one.second == 0; });
  if (reverses_all(intent) && !is_all) breach(text + ", and leaves some of it");
  original->second.emplace(transaction.sequence, std::move(left));
}

// Within an atomic batch a balance may pass below its floor: the unit's net counts.
void Replay::end_unit() {
  for (const auto& [id, net] : moved_) {
    auto& timeline = image_.accounts[id];
    if (!timeline.exists_at(last_)) {
      breach("the chain moves money on " + id + " before it exists");
      continue;
    }
    const WideAmount balance = timeline.points.back().balance + net;
    timeline.points.push_back({last_, static_cast<Amount>(balance)});
  }
  moved_.clear();
  apply_naively();
  const auto first = last_ + 1 - unit_.size();
  image_.units.emplace(first, std::exchange(unit_, {}));
}

// Bounds and all other limits. Accounts come into the model before the first unit after them.
void Replay::apply_naively() {
  create_naively(last_);
  for (const auto& [item, reason] : apply_unit(naive_, items_)) {
    breach("the unit at sequence " + std::to_string(last_) +
           " breaks a limit: " + std::string(to_string(reason)));
  }
  items_.clear();
  if (any_policy_) image_.naive[last_] = naive_;
}

void Replay::create_naively(Sequence until) {
  for (; !created_.empty() && created_.begin()->first < until; created_.erase(created_.begin())) {
    const auto& [sequence, account] = *created_.begin();
    naive_.accounts[account.id] = {account.initial_balance, account.floor};
    if (naive_.require_balanced && account.initial_balance != 0) {
      breach("account " + account.id + " was created with money, which has to balance");
    }
    if (any_policy_) image_.naive[sequence] = naive_;
  }
}

persistence::StoreResult<std::vector<persistence::StoredTransaction>> Replay::read_transactions()
    const {
  std::vector<persistence::StoredTransaction> all;
  for (persistence::RecordRange range{1, store_.durable(), kAll}; range.first <= range.last;) {
    auto portion = store_.records(range);
    if (!portion) return tl::unexpected(portion.error());
    range.first = portion->next;
    for (auto& record : portion->records) {
      auto* found = std::get_if<persistence::KeyedTransaction>(&record.content);
      if (found != nullptr) all.push_back(std::move(found->transaction));
    }
  }
  return all;
}

// Lists leave metadata out.
std::string Replay::name_of(const persistence::StoredTransaction& transaction) const {
  if (intents_.contains(transaction.reference)) return transaction.reference;
  const auto whole = store_.transaction(transaction.sequence);
  if (!whole || !*whole) return {};
  const auto& metadata = (*whole)->details.metadata;
  const auto found = metadata.find("name");
  return found == metadata.end() ? std::string() : found->second;
}

void Replay::add(const persistence::StoredTransaction& transaction) {
  const auto name = name_of(transaction);
  if (!image_.names.emplace(transaction.sequence, name).second) {
    breach("two records have sequence " + std::to_string(transaction.sequence));
  }
  const auto intent = intents_.find(name);
  if (intent == intents_.end()) return breach("nobody asked for '" + name + "'");
  if (!image_.by_name.emplace(name, transaction.sequence).second) {
    breach(name + " was done twice");
  }
  check_against_intent(transaction, *intent->second);
  take_back(transaction, *intent->second);
  const bool is_first =
      image_.references.try_emplace(transaction.reference, transaction.sequence).second;
  if (intent->second->unique && !is_first) {
    breach(name + " has reference " + transaction.reference + ", which an earlier one has");
  }
  unit_.push_back(name);
  last_ = transaction.sequence;
  const auto& policy = intent->second->policy;
  NaiveItem item{0, {}, policy ? &*policy : nullptr};
  for (const auto& entry : transaction.entries) {
    if (!policy) item.postings.push_back({entry.account_id, entry.amount});
  }
  items_.push_back(std::move(item));
  for (const auto& entry : transaction.entries) {
    moved_[entry.account_id] += entry.amount;
    auto& timeline = image_.accounts[entry.account_id];
    const bool is_new =
        timeline.transactions.empty() || timeline.transactions.back().first != transaction.sequence;
    if (is_new) {
      timeline.transactions.emplace_back(transaction.sequence, transaction.reference);
    }
  }
  if (transaction.ends_unit) end_unit();
}

void Replay::read_seals() {
  for (persistence::RecordRange range{1, store_.durable(), kAll}; range.first <= range.last;) {
    const auto portion = store_.records(range);
    if (!portion) return breach("the records cannot be read: " + portion.error().message);
    range.first = portion->next;
    for (const auto& record : portion->records) {
      const auto* seal = std::get_if<persistence::SealedKey>(&record.content);
      if (seal == nullptr) continue;
      image_.names.emplace(record.sequence, "the seal of " + seal->key);
      if (!image_.seals.emplace(seal->key, record.sequence).second) {
        breach("key " + seal->key + " is sealed twice");
      }
      const auto bound = image_.keys.find(seal->key);
      if (bound != image_.keys.end()) {
        breach("key " + seal->key + " is sealed, and " + bound->second.second + " has it");
      }
    }
  }
}

ChainImage Replay::run() {
  const auto accounts = store_.accounts({}, kAll);
  const auto transactions = read_transactions();
  if (!accounts || !transactions) {
    breach("the chain cannot be read");
    return std::move(image_);
  }
  for (const auto& account : *accounts) {
    add_account(account);
    created_.emplace(account.sequence, account);
  }
  for (const auto& transaction : *transactions) add(transaction);
  create_naively(store_.durable() + 1);
  read_seals();
  if (image_.names.size() != store_.durable()) {
    breach("the chain ends at " + std::to_string(store_.durable()) + " but has " +
           std::to_string(image_.names.size()) + " records");
  }
  return std::move(image_);
}

}  // namespace

ChainImage read_chain(const persistence::Store& store, const ClientLog& log, Breaches& breaches) {
  return Replay(store, log, breaches).run();
}

}  // namespace sg::test
