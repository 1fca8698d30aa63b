#include "tests/ledger/serial_check.hpp"

#include <map>
#include <set>
#include <utility>

#include "tests/ledger/policy_check.hpp"

namespace sg::test {
namespace {

using ledger::Amount;
using ledger::ItemResult;
using ledger::Sequence;
using ledger::WideAmount;

// The chain, one unit after the other: each must succeed.
void check_replay(LedgerHouse& house, Faults& faults) {
  auto& journal = house.journal();
  auto accounts = journal.first().accounts;
  Sequence last = 0;
  std::set<std::string, std::less<>> keys;
  std::set<std::string, std::less<>> references;
  for (const auto& unit : journal.chain()) {
    std::map<std::string, WideAmount> net;
    for (const auto& record : unit.records) {
      if (record.sequence != ++last) faults.push_back("the sequences have a gap");
      if (const auto* created = std::get_if<ledger::NewAccount>(&record.submission->operation)) {
        const auto number = static_cast<ledger::AccountNumber>(accounts.size());
        accounts.emplace(created->id, ImageAccount{number, created->initial_balance, {}});
      }
      for (const auto& posting : record.postings) net[posting.account] += posting.amount;
      if (record.submission->transfers().empty()) continue;
      const auto key = record.submission->transfers()[record.item].idempotency_key;
      if (!key.empty() && !keys.emplace(key).second) faults.push_back("a key has two effects");
      const auto& transfer = record.submission->transfers()[record.item];
      const bool is_used = !references.emplace(transfer.reference).second;
      if (is_used && ledger::wants_unique_reference(transfer)) {
        faults.push_back("a reference is not unique");
      }
    }
    for (const auto& [id, amount] : net) {
      const auto found = accounts.find(id);
      if (found == accounts.end()) {
        faults.push_back("the chain names " + id + " before it exists");
        continue;
      }
      found->second.balance = static_cast<Amount>(found->second.balance + amount);
    }
  }
  // Bounds and all other limits.
  const auto naive = replay(journal, last, last, faults).back().accounts;
  for (const auto& [id, account] : accounts) {
    const auto reading = house.read(id);
    if (!reading || reading->balance != account.balance || reading->number != account.number) {
      faults.push_back("the shard does not show the chain's balance of " + id + ": " +
                       std::to_string(reading ? reading->balance : 0) + " instead of " +
                       std::to_string(account.balance));
    } else if (const auto& limits = naive.find(id)->second;
               reading->balance != limits.balance || !has_limits(limits, reading->policy)) {
      faults.push_back("the shard does not show the chain's policy of " + id);
    }
  }
}

// An item has at most one record, an OK without a key exactly its own, a refusal none.
void check_records(LedgerHouse& house, Faults& faults) {
  std::map<std::pair<const ledger::Submission*, std::uint32_t>, int> records;
  for (const auto& unit : house.journal().chain()) {
    for (const auto& record : unit.records) ++records[{record.submission, record.item}];
  }
  for (const auto& submission : house.submissions()) {
    if (submission->lost) continue;
    for (std::uint32_t i = 0; i < submission->results.size(); ++i) {
      const auto found = records.find({submission.get(), i});
      const int count = found == records.end() ? 0 : found->second;
      const auto& result = submission->results[i];
      if (count > 1) faults.push_back("an item was committed twice");
      if (result.state == ItemResult::State::refused && count > 0 &&
          result.error->outcome == ledger::Outcome::none) {
        faults.push_back("a refused item was committed: " + result.error->message);
      }
    }
  }
}

}  // namespace

void check_rest(LedgerHouse& house, Faults& faults) {
  for (const auto& fault : house.journal().faults) faults.push_back(fault);
  for (const auto& submission : house.submissions()) {
    if (submission->lost ? submission->answers > 0 : submission->answers != 1) {
      faults.push_back("a request was answered " + std::to_string(submission->answers) + " times");
    }
  }
  const auto& flow = house.flow();
  if (flow.undecided_batches() + flow.keys_in_flight() + flow.claims_in_flight() +
          flow.unanswered() >
      0) {
    faults.push_back("the coordinator is not at rest: batches " +
                     std::to_string(flow.undecided_batches()) + ", keys " +
                     std::to_string(flow.keys_in_flight()) + ", claims " +
                     std::to_string(flow.claims_in_flight()) + ", unanswered " +
                     std::to_string(flow.unanswered()));
  }
  if (house.waiting() > 0) faults.push_back("a queue is not empty");
  for (std::uint32_t i = 0; i < house.shards(); ++i) {
    const auto* shard = house.shard(i);
    if (shard == nullptr || shard->undecided_batches() > 0) {
      faults.push_back("shard " + std::to_string(i) + " is not at rest");
    }
  }
  check_replay(house, faults);
  check_records(house, faults);
}

}  // namespace sg::test
