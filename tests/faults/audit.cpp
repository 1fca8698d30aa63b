#include "tests/faults/audit.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>

namespace sg::test {
namespace {

constexpr std::int64_t kSum = kAccounts * kOpeningBalance;
constexpr std::size_t kSample = 10;  // every so many: of calls per transaction

void check_each_key_once(const std::vector<wire::Transaction>& history, const Outcomes& outcomes) {
  std::map<std::string, std::string> found;  // key -> id
  std::size_t twice = 0;
  for (const auto& transaction : history) {
    if (!found.emplace(transaction.reference(), transaction.id()).second) ++twice;
  }
  CHECK(twice == 0);
  const bool agree = found == outcomes.committed;  // too long to print
  CHECK(agree);
  const auto lives_on = [&](const auto& refused) { return found.contains(refused.first); };
  CHECK(std::none_of(outcomes.refused.begin(), outcomes.refused.end(), lives_on));
}

// An atomic batch is netted like one transfer: only its end counts.
bool are_one_unit(const std::string& key, const std::string& next) {
  const auto batch = key.substr(0, key.rfind('-') + 1);
  return key.starts_with('a') && next.starts_with(batch);
}

void check_balances(LedgerClient& client, const std::vector<wire::Transaction>& history) {
  std::map<std::string, std::int64_t> balances;
  for (int i = 0; i < kAccounts; ++i) balances[account_name(i)] = kOpeningBalance;
  bool was_below = false;
  for (auto at = history.rbegin(); at != history.rend(); ++at) {
    for (const auto& entry : at->entries()) balances[entry.account_id()] += entry.amount();
    if (at + 1 != history.rend() && are_one_unit(at->reference(), (at + 1)->reference())) continue;
    for (const auto& entry : at->entries()) {
      was_below = was_below || balances[entry.account_id()] < 0;
    }
  }
  CHECK_FALSE(was_below);
  std::int64_t sum = 0;
  for (const auto& [account, balance] : balances) {
    CHECK(client.balance(account) == balance);
    sum += balance;
  }
  CHECK(sum == kSum);
}

void check_retries(LedgerClient& client, const std::vector<wire::Transaction>& history) {
  for (std::size_t i = 0; i < history.size(); i += history.size() / kSample + 1) {
    const auto& transaction = history[i];
    const auto read = client.transaction(transaction.id());
    REQUIRE(read.ok());
    CHECK(read.body.SerializeAsString() == transaction.SerializeAsString());
    Entries entries;
    for (const auto& entry : transaction.entries()) {
      entries.emplace_back(entry.account_id(), entry.amount());
    }
    const auto retry =
        client.ask(&LedgerStub::Transfer,
                   transfer_of(entries, transaction.reference(), transaction.reference()));
    CHECK(told(retry) == "OK");
    CHECK(retry.body.id() == transaction.id());
  }
}

void check_verification(LedgerClient& client) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  const auto reader = client.stub<AdminStub>().Verify(&context, {});
  wire::VerifyResponse last;
  for (wire::VerifyResponse response; reader->Read(&response);) last = response;
  CHECK(told(reader->Finish()) == "OK");
  CHECK(last.done());
  CHECK(last.problems_size() == 0);
  CHECK(last.accounts() == kAccounts);
  CHECK(last.sum_of_balances() == std::to_string(kSum));
  CHECK(last.sum_of_postings() == std::to_string(kSum));
}

}  // namespace

void audit(LedgerClient& client, const Outcomes& outcomes) {
  const auto history = client.all_transactions({}, 1000);
  REQUIRE(history.size() == outcomes.committed.size());
  check_each_key_once(history, outcomes);
  check_balances(client, history);
  check_retries(client, history);
  check_verification(client);
}

void audit(const persistence::Store& store, const Outcomes& outcomes) {
  const auto report = store.verify([](const persistence::VerifyProgress&) { return true; });
  REQUIRE(report);
  CHECK(report->problems.empty());
  CHECK(store.head().totals.transactions == outcomes.committed.size());
  const auto& balances = report->balances;
  CHECK(std::accumulate(balances.begin(), balances.end(), std::int64_t{0}) == kSum);
  CHECK(std::none_of(balances.begin(), balances.end(), [](auto balance) { return balance < 0; }));
}

void audit(FaultyLedger& ledger, const Outcomes& outcomes) {
  INFO("first of " << outcomes.complaints.size() << ": "
                   << (outcomes.complaints.empty() ? "" : outcomes.complaints.front()));
  CHECK(outcomes.complaints.empty());
  CHECK(outcomes.retries > 0);
  LedgerClient client(ledger.port());
  audit(client, outcomes);
  const auto store = ledger.stop_and_reopen();
  audit(*store, outcomes);
}

}  // namespace sg::test
