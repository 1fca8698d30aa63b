// How long a write waits beside lists of accounts and walks over all balances.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <deque>
#include <thread>

#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr int kAccounts = 400'000;
constexpr int kLists = 1'000;

std::string name(int i) { return "account" + std::to_string(1'000'000 + i); }

// Each account has a balance of 1.
std::shared_ptr<persistence::Store> store_with_many_accounts() {
  auto store = memory_store();
  auto group = store->begin_group(1, 1);
  for (int i = 0; i < kAccounts; ++i) {
    ledger::NewAccount account;
    account.id = name(i);
    account.initial_balance = 1;
    group.add(account);
    group.end_unit();
  }
  REQUIRE(store->append_now(std::move(group)).has_value());
  return store;
}

// Calls of one method, all in flight together.
template <class Request, class Response>
class Crowd {
 public:
  using Start = std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> (AdminStub::*)(
      grpc::ClientContext*, const Request&, grpc::CompletionQueue*);

  Crowd(LedgerClient& client, Start start, const Request& request, int count) : calls_(count) {
    for (auto& call : calls_) {
      call.context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes{2});
      call.reader = (client.stub<AdminStub>().*start)(&call.context, request, &queue_);
      call.reader->Finish(&call.response, &call.status, &call);
    }
  }
  ~Crowd() {
    for (auto& call : calls_) call.context.TryCancel();
    await_all();
    queue_.Shutdown();
  }
  // The statuses, once all are answered.
  std::vector<grpc::Status> await_all() {
    void* tag = nullptr;
    for (bool ok = false; answered_ < calls_.size() && queue_.Next(&tag, &ok);) ++answered_;
    std::vector<grpc::Status> statuses;
    for (const auto& call : calls_) statuses.push_back(call.status);
    return statuses;
  }

 private:
  struct Call {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> reader;
    Response response;
    grpc::Status status;
  };
  grpc::CompletionQueue queue_;
  std::deque<Call> calls_;
  std::size_t answered_ = 0;
};

// The longest of `count` credits, one after the other.
milliseconds longest_write(LedgerClient& client, int count) {
  steady_clock::duration longest{};
  for (int i = 0; i < count; ++i) {
    const auto start = steady_clock::now();
    REQUIRE(told(client.credit(name(i), 1)) == "OK");
    longest = std::max(longest, steady_clock::now() - start);
  }
  return std::chrono::duration_cast<milliseconds>(longest);
}

}  // namespace

// Each page copied all balances once, on the journal's thread: a credit behind 1,000 of them waited
// for 8 seconds with a million accounts, and for about one with these.
TEST_CASE("A write does not wait for a crowd of lists and walks beside it") {
  auto settings = ledger_settings();
  settings.server.max_in_flight = 2 * kLists;
  RunningLedger ledger(settings, store_with_many_accounts());
  auto& client = ledger.client;
  wire::ListAccountsRequest one;
  one.set_limit(1);
  Crowd<wire::ListAccountsRequest, wire::ListAccountsResponse> lists(
      client, &AdminStub::AsyncListAccounts, one, kLists);
  Crowd<wire::GetBalanceSheetRequest, wire::GetBalanceSheetResponse> sheets(
      client, &AdminStub::AsyncGetBalanceSheet, {}, 2);
  const auto longest = longest_write(client, 20);
  INFO("the longest write took " << longest.count() << " ms");
  CHECK(longest < milliseconds{400});
  for (const auto& status : lists.await_all()) CHECK(told(status) == "OK");
  for (const auto& status : sheets.await_all()) CHECK(told(status) == "OK");
}

TEST_CASE("A balance sheet adds up at every moment while accounts are credited and made") {
  RunningLedger ledger(ledger_settings(), store_with_many_accounts());
  auto& client = ledger.client;
  std::atomic<bool> ends{false};
  std::jthread writer([&] {
    for (int i = 0; !ends; ++i) {
      // From both ends of the numbers, so that the copy has passed some and not others.
      REQUIRE(told(client.credit(name(i % 1'000), 1)) == "OK");
      REQUIRE(told(client.credit(name(kAccounts - 1 - i % 1'000), 1)) == "OK");
      if (i % 7 == 0) REQUIRE(told(client.create_account("late" + std::to_string(i), 1)) == "OK");
    }
  });
  for (int i = 0; i < 5; ++i) {
    const auto sheet = client.ask(&AdminStub::GetBalanceSheet, wire::GetBalanceSheetRequest());
    CHECK(told(sheet) == "OK");
    CHECK(sheet.body.total() == sheet.body.sum_of_postings());
  }
  ends = true;
}
