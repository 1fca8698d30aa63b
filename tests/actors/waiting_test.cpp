// Calls that wait: for a lock, until a deadline, until their caller leaves; and calls that are
// refused because too many wait already. The journal is held inside a sync, so that who waits for
// what is decided by the test.
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "tests/support/held_store.hpp"
#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

namespace {

using Later = std::future<Answer<wire::Transaction>>;

template <class Call>
auto later(Call call) {
  return std::async(std::launch::async, std::move(call));
}

// "other" lives on a shard of its own. While the journal is held in a transfer of it, a debit of
// "a" is granted, but has no place in the journal: it is undecided, and what it debits is held.
struct World {
  std::shared_ptr<HeldStore> store = std::make_shared<HeldStore>(memory_store());
  RunningLedger ledger;
  LedgerClient& client = ledger.client;
  std::string a = on_shard("a", 0);
  std::string other = on_shard("other", 1);

  explicit World(const config::Settings& settings = ledger_settings()) : ledger(settings, store) {
    REQUIRE(told(client.create_account(a, 100)) == "OK");
    REQUIRE(told(client.create_account(other)) == "OK");
  }
  Later hold_journal() {
    auto held = later([this] { return client.credit(other, 1); });
    store->await_held();
    return held;
  }
  // A call on "a" that waits from here on, behind all that came before.
  Later start(std::int64_t amount, const std::string& key, grpc::ClientContext* context = nullptr) {
    auto call = later([this, amount, key, context] {
      const auto request = transfer_of({{a, amount}}, key);
      return context == nullptr ? client.ask(&LedgerStub::Transfer, request)
                                : client.ask(&LedgerStub::Transfer, request, *context);
    });
    store->await_lookup(key);
    return call;
  }
  // Answered when nobody waits on "a" any more: nobody overtakes, and this needs no lock.
  std::string told_of_impossible_debit() { return told(client.debit(a, 1'000'000)); }
  std::string impossible() const {
    return "FAILED_PRECONDITION INSUFFICIENT_FUNDS account_id=" + a +
           " amount=-1000000 balance=100 outcome=none";
  }
};

// A call counts until its answer is on its way: its client may be faster with the next one.
template <class Call>
std::string told_once_admitted(Call call) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  std::string line;
  do {
    line = call();
  } while (line.find("OVERLOADED") != std::string::npos &&
           std::chrono::steady_clock::now() < give_up);
  return line;
}

}  // namespace

TEST_CASE("A debit waits for an undecided one instead of being refused") {
  World w;
  auto hold = w.store->hold();
  auto held = w.hold_journal();
  auto first = w.start(-60, "first");
  auto credit = w.start(50, "credit");
  auto second = w.start(-60, "second");
  hold.release();
  CHECK(told(held.get()) == "OK");
  CHECK(told(first.get()) == "OK");
  CHECK(told(credit.get()) == "OK");
  CHECK(told(second.get()) == "OK");
  CHECK(w.client.balance(w.a) == 30);
}

TEST_CASE("Who waits for a lock past the configured time is told LOCK_TIMEOUT") {
  auto settings = ledger_settings();
  settings.ledger.lock_timeout = std::chrono::milliseconds(50);
  World w(settings);
  auto hold = w.store->hold();
  auto held = w.hold_journal();
  auto first = w.start(-60, "first");
  auto second = w.start(-60, "second");
  CHECK(told(second.get()) == "DEADLINE_EXCEEDED LOCK_TIMEOUT outcome=none");
  hold.release();
  CHECK(told(first.get()) == "OK");
  CHECK(w.client.balance(w.a) == 40);
  // It bound no key.
  CHECK(told(w.client.transfer({{w.a, -40}}, "second")) == "OK");
}

TEST_CASE("A caller that cancels while it waits leaves the queue and changes nothing") {
  World w;
  auto hold = w.store->hold();
  auto held = w.hold_journal();
  auto first = w.start(-60, "first");
  auto credit = w.start(1'000, "credit");
  grpc::ClientContext context;
  auto second = w.start(-50, "second", &context);
  context.TryCancel();
  CHECK(second.get().status.error_code() == grpc::StatusCode::CANCELLED);
  CHECK(w.told_of_impossible_debit() == w.impossible());
  hold.release();
  CHECK(told(first.get()) == "OK");
  CHECK(told(credit.get()) == "OK");
  CHECK(w.client.balance(w.a) == 1'040);
  CHECK(told(w.client.transfer({{w.a, -1}}, "second")) == "OK");
}

TEST_CASE("A caller's deadline that passes while it waits ends the wait") {
  auto settings = ledger_settings();
  settings.ledger.lock_timeout = std::chrono::hours(1);
  World w(settings);
  auto hold = w.store->hold();
  auto held = w.hold_journal();
  auto first = w.start(-60, "first");
  auto credit = w.start(1'000, "credit");
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
  auto second = w.start(-50, "second", &context);
  CHECK(second.get().status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
  CHECK(w.told_of_impossible_debit() == w.impossible());
  hold.release();
  CHECK(told(first.get()) == "OK");
  CHECK(told(credit.get()) == "OK");
  CHECK(w.client.balance(w.a) == 1'040);
}

TEST_CASE("A cancellation after the commit was handed over does not undo it") {
  World w;
  auto hold = w.store->hold();
  auto held = w.hold_journal();
  grpc::ClientContext context;
  auto call = w.start(-60, "k", &context);
  // Its votes came before this answer.
  CHECK(w.told_of_impossible_debit() == w.impossible());
  context.TryCancel();
  CHECK(call.get().status.error_code() == grpc::StatusCode::CANCELLED);
  hold.release();
  CHECK(told(held.get()) == "OK");
  const auto retry = w.client.transfer({{w.a, -60}}, "k");
  CHECK(told(retry) == "OK");
  CHECK(w.client.balance(w.a) == 40);
  CHECK(w.client.transactions(w.a).body.transactions_size() == 1);
}

TEST_CASE("A retry that meets its first attempt in flight joins it, also when that one cancels") {
  World w;
  auto hold = w.store->hold();
  auto held = w.hold_journal();
  grpc::ClientContext context;
  auto first = w.start(-60, "k", &context);
  auto again = later([&] { return w.client.transfer({{w.a, -60}}, "k"); });
  CHECK(w.told_of_impossible_debit() == w.impossible());
  context.TryCancel();
  CHECK(first.get().status.error_code() == grpc::StatusCode::CANCELLED);
  hold.release();
  CHECK(told(again.get()) == "OK");
  CHECK(w.client.balance(w.a) == 40);
}

TEST_CASE("No answer shows what is not durable: reads and refusals wait for the sync") {
  World w;
  const auto third = on_shard("third", 2);
  REQUIRE(told(w.client.create_account(third)) == "OK");
  REQUIRE(told(w.client.debit(w.a, 100)) == "OK");
  auto hold = w.store->hold();
  auto paid = later([&] { return w.client.transfer({{w.a, 30}}, "pay"); });
  w.store->await_held();
  // Sequenced and applied, not durable: balance and refusal show it.
  auto read = later([&] { return w.client.account(w.a); });
  auto refused = later([&] { return w.client.debit(w.a, 31, "too much"); });
  w.store->await_lookup("too much");
  // Others come and go meanwhile.
  for (int i = 0; i < 50; ++i) {
    CHECK(told(w.client.debit(third, 1)) == "FAILED_PRECONDITION INSUFFICIENT_FUNDS account_id=" +
                                                third + " amount=-1 balance=0 outcome=none");
    CHECK(w.client.balance(third) == 0);
  }
  const auto is_answered = [](const auto& call) {
    return call.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  };
  CHECK_FALSE(is_answered(paid));
  CHECK_FALSE(is_answered(read));
  CHECK_FALSE(is_answered(refused));
  hold.release();
  CHECK(told(paid.get()) == "OK");
  CHECK(read.get().body.balance() == 30);
  CHECK(told(refused.get()) == "FAILED_PRECONDITION INSUFFICIENT_FUNDS account_id=" + w.a +
                                   " amount=-31 balance=30 outcome=none");
}

TEST_CASE("Many calls in flight are served while they wait, whether the gateway polls or sleeps") {
  auto settings = ledger_settings();
  const bool polls = GENERATE(false, true);
  settings.server.busy_poll = std::chrono::microseconds(polls ? 10'000 : 0);
  World w(settings);
  auto hold = w.store->hold();
  auto held = w.hold_journal();
  std::vector<Later> waiting;
  for (int i = 0; i < 10; ++i) waiting.push_back(w.start(-1, "key " + std::to_string(i)));
  const std::vector many(4'096, transfer_of({{w.a, 1}, {"nobody", -1}}));
  auto large = later([&] { return w.client.batch(many); });
  // A new call comes through, and so does its answer.
  CHECK(told(w.client.account("")).starts_with("INVALID_ARGUMENT"));
  hold.release();
  CHECK(told(held.get()) == "OK");
  for (auto& call : waiting) CHECK(told(call.get()) == "OK");
  CHECK(told(large.get()) == "OK");
  CHECK(w.client.account(w.a).body.balance() == 90);
}

TEST_CASE("Calls beyond the limit of those in flight are refused at once, and later served") {
  auto settings = ledger_settings();
  settings.server.max_in_flight = 1;
  World w(settings);
  auto hold = w.store->hold();
  auto held = w.hold_journal();
  const std::string overloaded = "RESOURCE_EXHAUSTED OVERLOADED max_in_flight=1";
  CHECK(told(w.client.debit(w.a, 1)) == overloaded + " outcome=none");
  CHECK(told(w.client.create_participant("p")) == overloaded + " outcome=none");
  CHECK(told(w.client.account(w.a)) == overloaded);
  hold.release();
  CHECK(told(held.get()) == "OK");
  CHECK(told_once_admitted([&] { return told(w.client.debit(w.a, 1)); }) == "OK");
  CHECK(told_once_admitted([&] { return told(w.client.account(w.a)); }) == "OK");
}

TEST_CASE("A stream's request beyond the limit is refused in its place, and the stream goes on") {
  auto settings = ledger_settings();
  settings.server.max_in_flight = 1;
  World w(settings);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  const auto stream = w.client.stub<LedgerStub>().StreamTransfers(&context);
  wire::TransferBatchResponse response;
  auto hold = w.store->hold();
  auto held = w.hold_journal();
  REQUIRE(stream->Write(batch_of({transfer_of({{w.a, -1}})})));
  REQUIRE(stream->Read(&response));
  CHECK(told(response.error()) == "RESOURCE_EXHAUSTED OVERLOADED max_in_flight=1 outcome=none");
  hold.release();
  CHECK(told(held.get()) == "OK");
  const auto again = told_once_admitted([&] {
    REQUIRE(stream->Write(batch_of({transfer_of({{w.a, -1}})})));
    REQUIRE(stream->Read(&response));
    return response.has_error() ? told(response.error()) : told(response.results(0));
  });
  CHECK(again == "OK");
  stream->WritesDone();
  CHECK(stream->Finish().ok());
}
