// The part of the check that judges one answer.
#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "tests/ledger/policy_check.hpp"
#include "tests/ledger/serial_check.hpp"
#include "tests/support/error_fact.hpp"

namespace sg::test {
namespace {

using ledger::Amount;
using ledger::ItemResult;
using ledger::Reason;
using ledger::Sequence;
using ledger::WideAmount;

bool has_key(const TestSubmission& submission) {
  return std::any_of(submission.orders().begin(), submission.orders().end(),
                     [](const Order& order) { return !order.key.empty(); });
}

// The items of an atomic batch that have an effect: of two with one key, the first.
std::vector<std::uint32_t> effective_items(const TestSubmission& submission) {
  std::vector<std::uint32_t> items;
  std::set<std::string_view> keys;
  for (std::uint32_t i = 0; i < submission.orders().size(); ++i) {
    const auto& key = submission.orders()[i].key;
    if (key.empty() || keys.insert(key).second) items.push_back(i);
  }
  return items;
}

bool takes_back_all(const TestSubmission& submission, std::uint32_t item) {
  const auto& order = submission.orders()[item];
  return order.reverses.sequence != 0 && order.postings.empty();
}

WideAmount net_on(const TestSubmission& submission, std::uint32_t item,
                  const std::string& account) {
  WideAmount net = 0;
  for (const auto& posting : submission.orders()[item].postings) {
    if (posting.account == account) net += posting.amount;
  }
  if (!takes_back_all(submission, item)) return net;
  // As it was worked out.
  for (const auto& entry : submission.transfers()[item].entries) {
    if (entry.account_id == account) net += entry.amount;
  }
  return net;
}

// What the items of an atomic batch move on the account up to this one, which is included.
WideAmount net_through(const TestSubmission& submission, std::uint32_t item,
                       const std::string& account) {
  if (!submission.is_atomic()) return net_on(submission, item, account);
  WideAmount net = 0;
  for (const auto i : effective_items(submission)) {
    if (i <= item) net += net_on(submission, i, account);
  }
  return net;
}

// One answered item against the chain.
class AnswerCheck {
 public:
  AnswerCheck(LedgerHouse& house, const TestSubmission& submission, std::uint32_t item)
      : house_(house),
        journal_(house.journal()),
        submission_(submission),
        item_(item),
        durable_(journal_.durable()) {}

  std::string fault() const {
    const auto& result = submission_.results[item_];
    if (submission_.key_request() != nullptr && result.is_answer()) return of_key(result);
    if (result.state == ItemResult::State::committed) return committed(result);
    if (result.state != ItemResult::State::refused) return "answered without a result";
    if (!result.error) return "refused without an error";
    return refused(*result.error);
  }

 private:
  std::string committed(const ItemResult& result) const {
    if (result.sequence == 0 || result.sequence > durable_) return "OK before it was durable";
    const auto* record = journal_.record_at(result.sequence);
    if (record == nullptr) return "OK without a record";
    if (record->submission == &submission_ && record->item == item_) return {};
    if (submission_.transfers().empty() || submission_.orders()[item_].key.empty()) {
      return "OK with another's record";
    }
    const auto& theirs = record->submission->transfers()[record->item];
    const auto& ours = submission_.transfers()[item_];
    if (theirs.idempotency_key != ours.idempotency_key) return "OK with another key's record";
    if (journal_.content(theirs) != journal_.content(ours))
      return "OK with another content's record";
    return {};
  }

  std::string of_key(const ItemResult& result) const {
    const auto& keys = journal_.image().keys;
    const auto found = keys.find(submission_.orders().front().key);
    if (result.sequence > durable_) return "an outcome of a key before it was durable";
    if (result.state == ItemResult::State::unbound) {
      if (result.sequence < submission_.durable) return "UNBOUND without a look at the chain";
      const bool is_bound = found != keys.end() && found->second.sequence <= result.sequence;
      return is_bound ? "UNBOUND of a key that was bound" : "";
    }
    if (found == keys.end() || found->second.sequence != result.sequence) {
      return "a key was told bound by another record";
    }
    const bool is_sealed = result.state == ItemResult::State::sealed;
    if (is_sealed != found->second.sealed) return "COMMITTED and SEALED were mistaken";
    if (is_sealed && !submission_.key_request()->seals &&
        journal_.record_at(result.sequence)->submission == &submission_) {
      return "a question has sealed the key";
    }
    return {};
  }

  std::string sealed(const std::string& key) const {
    const auto& keys = journal_.image().keys;
    const auto found = keys.find(key);
    const bool is_sealed =
        found != keys.end() && found->second.sealed && found->second.sequence <= durable_;
    return is_sealed ? "" : "KEY_SEALED of a key that no durable record has sealed";
  }

  // A key that was sequenced before the request decides it, whatever the funds are since.
  bool overlooks_key(Reason reason) const {
    const auto code = code_of(reason);
    if (code != ledger::Code::failed_precondition && code != ledger::Code::out_of_range &&
        code != ledger::Code::not_found) {
      return false;
    }
    if (submission_.transfers().empty()) return false;
    const auto& keys = journal_.image().keys;
    const auto found = keys.find(submission_.transfers()[item_].idempotency_key);
    return found != keys.end() && found->second.sequence <= submission_.sequenced;
  }

  std::string refused(const ledger::Error& error) const {
    if (error.reason == Reason::key_sealed) return sealed(fact(error, "idempotency_key"));
    if (overlooks_key(error.reason)) return "a bound key was refused: " + error.message;
    switch (error.reason) {
      case Reason::insufficient_funds:
      case Reason::balance_overflow:
      case Reason::ceiling_exceeded:
        return has_policy() ? by_policy(error) : range(error);
      case Reason::account_closed:
      case Reason::account_frozen:
      case Reason::account_not_empty:
      case Reason::policy_conflict:
      case Reason::entries_unbalanced:
        return by_policy(error);
      case Reason::account_not_found:
        return missing(fact(error, "account_id"));
      case Reason::account_exists: {
        const auto history = journal_.history(fact(error, "account_id"));
        const bool told = !history.empty() && history.front().sequence <= durable_;
        return told ? "" : "ACCOUNT_EXISTS before the account was durable";
      }
      case Reason::reserved_id: {
        const auto made = journal_.made_at(fact(error, "participant_id"));
        const bool stands =
            std::get<ledger::NewAccount>(submission_.operation).participant_id.empty() && made;
        return stands && *made <= durable_ ? "" : "RESERVED_ID before a participant was durable";
      }
      case Reason::idempotency_mismatch:
        return mismatch(fact(error, "idempotency_key"));
      case Reason::reference_exists:
        return used(fact(error, "reference"), fact(error, "transaction_id"));
      case Reason::reversal_exceeded:
      case Reason::not_reversible:
        return not_taken_back(error);
      case Reason::transaction_not_found:
        return original_missing(fact(error, "transaction_id"));
      case Reason::batch_aborted:
        return aborted();
      case Reason::internal:
        return "INTERNAL: " + error.message;
      default:
        return {};
    }
  }

  // A duplicate shares a judgement that may be older than itself.
  Sequence since() const { return has_key(submission_) ? 0 : submission_.durable; }

  std::string range(const ledger::Error& error) const {
    const auto account = fact(error, "account_id");
    const bool low = error.reason == Reason::insufficient_funds;
    const auto shown = fact(error, "balance");
    // It shares the refusal of another attempt, which was worked out.
    if (takes_back_all(submission_, item_) && submission_.reversal_of(item_) == nullptr) return {};
    const auto own = net_on(submission_, item_, account);
    const auto text = fact(error, "amount");
    if (ledger::fits(own) && std::to_string(static_cast<Amount>(own)) != text) {
      return "the amount shown is not the item's own";
    }
    const auto amount = net_through(submission_, item_, account);
    // Big nets stand in no int64; they could never be granted.
    if (!ledger::fits(amount)) return {};
    const auto history = journal_.history(account);
    bool seen = false;
    bool justified = false;
    for (std::size_t i = 0; i < history.size(); ++i) {
      const auto& [from, balance, policy] = history[i];
      if (from > durable_) break;
      seen = seen || std::to_string(balance) == shown;
      const auto until =
          i + 1 < history.size() ? history[i + 1].sequence : std::numeric_limits<Sequence>::max();
      if (until <= since()) continue;
      const WideAmount after = balance + amount;
      justified = justified || (low ? after < policy.floor : after > policy.ceiling);
    }
    if (!seen) return "the balance shown was never durable: " + account + " " + shown;
    return justified ? "" : "no serial order refuses " + text + " on " + account;
  }

  bool has_policy() const {
    const auto& orders = submission_.orders();
    return submission_.is_atomic()
               ? std::any_of(orders.begin(), orders.end(),
                             [](const Order& order) { return order.policy.has_value(); })
               : orders[item_].policy.has_value();
  }

  // Some durable state since the request came refuses it for that.
  std::string by_policy(const ledger::Error& error) const {
    Faults of_chain;  // told by check_rest()
    const auto states = replay(journal_, since(), durable_, of_chain);
    if (const auto* asked = std::get_if<ledger::NewAccount>(&submission_.operation)) {
      const bool any = std::any_of(states.begin(), states.end(),
                                   [](const NaiveLedger& state) { return state.require_balanced; });
      return any && asked->initial_balance != 0 ? "" : "ENTRIES_UNBALANCED of no money";
    }
    // It shares the refusal of another attempt, which was worked out.
    if (takes_back_all(submission_, item_) && submission_.reversal_of(item_) == nullptr) return {};
    const auto items =
        submission_.is_atomic() ? effective_items(submission_) : std::vector<std::uint32_t>{item_};
    if (is_refused_by_one(states, submission_, items, item_, error.reason)) return {};
    return "no serial order refuses it: " + error.message;
  }

  std::string missing(const std::string& account) const {
    const auto history = journal_.history(account);
    if (history.empty() || history.front().sequence > since()) return {};
    return "NOT_FOUND of " + account + ", which was durable before the request";
  }

  std::string mismatch(const std::string& key) const {
    const auto& ours = submission_.transfers()[item_];
    const bool twins = std::any_of(submission_.transfers().begin(), submission_.transfers().end(),
                                   [&](const auto& transfer) {
                                     return transfer.idempotency_key == key &&
                                            journal_.content(transfer) != journal_.content(ours);
                                   });
    if (submission_.is_atomic() && twins) return {};
    auto asked = ours;
    asked.idempotency_key = key;
    const auto bound = journal_.find(std::array{static_cast<const ledger::Transfer*>(&asked)});
    if (!bound || bound->empty()) return "MISMATCH with a key that nothing durable bound";
    if (bound->front().binding->sealed) return "MISMATCH with a sealed key";
    if (submission_.is_atomic()) {
      return is_replay() ? "MISMATCH of a batch that was committed like that" : "";
    }
    return bound->front().binding->same_content ? "MISMATCH with the same content" : "";
  }

  // Whether the keys of the atomic batch are bound by one unit of the same transfers.
  bool is_replay() const {
    const auto items = effective_items(submission_);
    const auto& keys = journal_.image().keys;
    const auto first = keys.find(submission_.orders()[items.front()].key);
    if (first == keys.end()) return false;
    const auto& unit = journal_.unit_of(first->second.sequence);
    const auto start = first->second.sequence;
    if (items.size() > 1 &&
        (unit.records.front().sequence != start || unit.records.size() != items.size())) {
      return false;
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto& transfer = submission_.transfers()[items[i]];
      const auto found = keys.find(transfer.idempotency_key);
      if (found == keys.end() || found->second.sequence != start + i ||
          found->second.content != journal_.content(transfer)) {
        return false;
      }
    }
    return true;
  }

  // Of the transaction that is told, or of an earlier item of the same atomic batch.
  std::string used(const std::string& reference, const std::string& id) const {
    const auto& orders = submission_.orders();
    if (orders[item_].reference != reference || !orders[item_].unique_reference) {
      return "REFERENCE_EXISTS of what was not asked for";
    }
    if (id.empty()) {
      const bool is_earlier =
          std::any_of(orders.begin(), orders.begin() + item_,
                      [&](const Order& earlier) { return earlier.reference == reference; });
      return submission_.is_atomic() && is_earlier ? "" : "REFERENCE_EXISTS without a transaction";
    }
    for (const auto& unit : journal_.chain()) {
      for (const auto& record : unit.records) {
        if (ledger::transaction_id(unit.time, record.sequence) != id) continue;
        const bool has_it = !record.submission->transfers().empty() &&
                            record.submission->transfers()[record.item].reference == reference;
        return has_it && record.sequence <= durable_ ? "" : "REFERENCE_EXISTS of another record";
      }
    }
    return "REFERENCE_EXISTS of a transaction that is none";
  }

  // Items of the unit that take the same transaction back, up to this one.
  std::map<std::string, WideAmount> taken_before(Sequence original) const {
    std::map<std::string, WideAmount> taken;
    if (!submission_.is_atomic()) return taken;
    for (const auto i : effective_items(submission_)) {
      const auto& order = submission_.orders()[i];
      if (i >= item_ || order.reverses.sequence != original) continue;
      for (const auto& posting : order.postings) taken[posting.account] += posting.amount;
    }
    return taken;
  }

  // Some durable state since the request came leaves less than it asks for.
  std::string not_taken_back(const ledger::Error& error) const {
    const auto& order = submission_.orders()[item_];
    const auto original = order.reverses.sequence;
    if (original == 0) return "a refusal of a reversal that was not asked for";
    const auto* record = journal_.record_at(original);
    if (record == nullptr || original > durable_) return "a refusal of what nothing durable is";
    if (error.reason == Reason::not_reversible) {
      return record->postings.empty() ? "" : "NOT_REVERSIBLE of what moved money";
    }
    // An earlier item that takes back all leaves nothing: whatever comes after it is refused.
    const auto& orders = submission_.orders();
    const bool all_before =
        submission_.is_atomic() &&
        std::any_of(orders.begin(), orders.begin() + item_, [&](const Order& earlier) {
          return earlier.reverses.sequence == original && earlier.postings.empty();
        });
    if (all_before) return {};
    std::map<std::string, WideAmount> asked;
    for (const auto& posting : order.postings) asked[posting.account] += posting.amount;
    const auto before = taken_before(original);
    for (auto until = std::max(since(), original); until <= durable_; ++until) {
      auto left = journal_.left_of(original, until);
      for (const auto& [account, amount] : before) left[account] += amount;
      const bool nothing =
          std::all_of(left.begin(), left.end(), [](const auto& one) { return one.second == 0; });
      if (nothing) return {};
      for (const auto& [account, amount] : asked) {
        const auto reversible = -left[account];
        const bool fits_in = reversible > 0 ? amount >= 0 && amount <= reversible
                                            : amount <= 0 && amount >= reversible;
        if (!fits_in || reversible == 0) return {};
      }
    }
    return "no serial order refuses the reversal of " + std::to_string(original);
  }

  std::string original_missing(const std::string& id) const {
    const auto& place = submission_.orders()[item_].reverses;
    if (ledger::transaction_id(place.time, place.sequence) != id) return "NOT_FOUND of another";
    const bool is_there = place.sequence <= since() && journal_.record_at(place.sequence) &&
                          journal_.unit_of(place.sequence).time == place.time;
    return is_there ? "TRANSACTION_NOT_FOUND of one that was durable before the request" : "";
  }

  std::string aborted() const {
    if (!submission_.is_atomic()) return "ABORTED outside of an atomic batch";
    const auto blamed = std::count_if(
        submission_.results.begin(), submission_.results.end(), [](const ItemResult& result) {
          return result.state == ItemResult::State::refused && result.error &&
                 result.error->reason != Reason::batch_aborted;
        });
    return blamed > 0 ? "" : "ABORTED, and no item carries the refusal";
  }

  const LedgerHouse& house_;
  ModelJournal& journal_;
  const TestSubmission& submission_;
  std::uint32_t item_;
  Sequence durable_;
};

// An atomic batch is told all or nothing, and what it is told is one unit of the chain.
std::string atomic_fault(LedgerHouse& house, const TestSubmission& submission) {
  const auto is_committed = [](const ItemResult& result) {
    return result.state == ItemResult::State::committed;
  };
  const auto& results = submission.results;
  if (std::none_of(results.begin(), results.end(), is_committed)) return {};
  if (!std::all_of(results.begin(), results.end(), is_committed)) {
    return "an atomic batch was committed in part";
  }
  const auto items = effective_items(submission);
  if (items.size() == 1) return {};
  const auto first = results[items.front()].sequence;
  const auto& unit = house.journal().unit_of(first);
  if (unit.records.front().sequence != first || unit.records.size() != items.size()) {
    return "an atomic batch was told of records that are not one unit";
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (results[items[i]].sequence != first + i) return "an atomic batch was told another order";
  }
  return {};
}

}  // namespace

void check_answer(LedgerHouse& house, const TestSubmission& submission, Faults& faults) {
  for (std::uint32_t i = 0; i < submission.results.size(); ++i) {
    auto fault = AnswerCheck(house, submission, i).fault();
    if (!fault.empty()) faults.push_back(std::move(fault));
  }
  if (!submission.is_atomic()) return;
  auto fault = atomic_fault(house, submission);
  if (!fault.empty()) faults.push_back(std::move(fault));
}

}  // namespace sg::test
