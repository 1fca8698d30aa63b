// Idempotency keys: one effect per key, whoever asks for it and when.
#include <catch2/catch.hpp>

#include "tests/ledger/flow_bed.hpp"

namespace sg::test {
namespace {

using namespace std::chrono_literals;

using Bed = FlowBed;

TEST_CASE("A key that is bound answers its one effect, always", "[ledger][flow][keys]") {
  Bed bed;
  const auto first = bed.ask(transfer({{bed.a, -6}}, "key"));
  for (int i = 0; i < 3; ++i) {
    const auto again = bed.ask(transfer({{bed.a, -6}}, "key"));
    CHECK(told(again) == "OK");
    CHECK(again->results[0].sequence == first->results[0].sequence);
    CHECK(again->results[0].time == first->results[0].time);
  }
  const auto other = bed.ask(transfer({{"nobody", -6}}, "key"));
  CHECK(told(other) == "IDEMPOTENCY_MISMATCH");
  CHECK(fact(other, "idempotency_key") == "key");
  CHECK(bed.house.balance(bed.a) == 4);
}

// The transfer of a submission says more than its entries.
void say(const TestSubmissionPtr& submission, const ledger::Details& details,
         std::size_t item = 0) {
  std::get<ledger::TransferBatch>(submission->operation).transfers[item].details = &details;
}

TEST_CASE("What a command says beside is content of its key, bound or in flight",
          "[ledger][flow][keys]") {
  Bed bed;
  const ledger::Details asked{{{"order", "17"}}, 0, false};
  const ledger::Details same = asked;
  const ledger::Details other{{{"order", "18"}}, 0, false};
  const auto submit = [&](const ledger::Details* details) {
    auto submission = transfer({{bed.a, -6}}, "key");
    if (details != nullptr) say(submission, *details);
    return bed.submit(std::move(submission));
  };
  const auto first = submit(&asked);
  const auto joined = submit(&same);
  const auto differs = submit(&other);
  const auto plain = submit(nullptr);
  bed.house.run();
  CHECK(told(first) == "OK");
  CHECK(told(joined) == "OK");
  CHECK(joined->results[0].sequence == first->results[0].sequence);
  CHECK(told(differs) == "IDEMPOTENCY_MISMATCH");
  CHECK(told(plain) == "IDEMPOTENCY_MISMATCH");
  const auto again = submit(&same);
  const auto late = submit(nullptr);
  bed.house.run();
  CHECK(told(again) == "OK");
  CHECK(told(late) == "IDEMPOTENCY_MISMATCH");
  CHECK(bed.house.balance(bed.a) == 4);
}

TEST_CASE("A retry that comes too late is not told that nothing changed", "[ledger][flow][keys]") {
  Bed bed;
  const auto late = [&](const std::string& key) {
    auto retry = transfer({{bed.a, -6}}, key);
    retry->deadline = bed.house.now();
    return bed.ask(std::move(retry));
  };
  REQUIRE(told(bed.ask(transfer({{bed.a, -6}}, "bound"))) == "OK");
  const auto bound = late("bound");
  CHECK(told(bound) == "LOCK_TIMEOUT");
  CHECK(bound->results[0].error->outcome == ledger::Outcome::unknown);
  const auto never_tried = late("new");
  CHECK(told(never_tried) == "LOCK_TIMEOUT");
  CHECK(never_tried->results[0].error->outcome == ledger::Outcome::none);
  CHECK(bed.house.balance(bed.a) == 4);
}

TEST_CASE("A refusal binds no key", "[ledger][flow][keys]") {
  Bed bed;
  CHECK(told(bed.ask(transfer({{bed.b, -1}}, "key"))) == "INSUFFICIENT_FUNDS");
  CHECK(bed.house.flow().keys_in_flight() == 0);
  CHECK(told(bed.ask(transfer({{bed.a, -1}}, "key"))) == "OK");
}

TEST_CASE("A duplicate in flight joins the first", "[ledger][flow][keys]") {
  Bed bed;
  const auto first = bed.submit(transfer({{bed.a, -6}}, "key"));
  bed.house.advance();
  const auto second = bed.submit(transfer({{bed.a, -6}}, "key"));
  const auto third = bed.submit(transfer({{bed.a, -5}}, "key"));
  bed.house.run();
  CHECK(told(first) == "OK");
  CHECK(told(second) == "OK");
  CHECK(second->results[0].sequence == 1);
  CHECK(told(third) == "IDEMPOTENCY_MISMATCH");
  CHECK(bed.house.balance(bed.a) == 4);
}

TEST_CASE("A duplicate within one batch joins the first", "[ledger][flow][keys]") {
  Bed bed;
  const auto asked = bed.ask(transfers(
      {{{{bed.a, -6}}, "key", {}}, {{{bed.a, -6}}, "key", {}}, {{{bed.a, -1}}, "key", {}}}));
  CHECK(told_all(asked) == Told{"OK", "OK", "IDEMPOTENCY_MISMATCH"});
  CHECK(bed.house.balance(bed.a) == 4);
}

TEST_CASE("Who joined shares the refusal of the same content, and other content is tried",
          "[ledger][flow][keys]") {
  Bed bed;
  const auto first = bed.submit(transfer({{bed.b, -6}}, "key"));
  const auto same = bed.submit(transfer({{bed.b, -6}}, "key"));
  const auto other = bed.submit(transfer({{bed.a, -6}}, "key"));
  bed.house.run();
  CHECK(told(first) == "INSUFFICIENT_FUNDS");
  CHECK(told(same) == "INSUFFICIENT_FUNDS");
  CHECK(same->results[0].error == first->results[0].error);
  CHECK(told(other) == "OK");
  CHECK(bed.house.flow().keys_in_flight() == 0);
}

TEST_CASE("A shared refusal waits for what it shows too", "[ledger][flow][keys]") {
  Bed bed;
  bed.submit(transfer({{bed.a, -10}}));
  bed.house.run_unsynced();
  const auto first = bed.submit(transfer({{bed.a, -6}}, "key"));
  const auto same = bed.submit(transfer({{bed.a, -6}}, "key"));
  bed.house.run_unsynced();
  CHECK_FALSE(first->answered());
  CHECK_FALSE(same->answered());
  bed.house.run();
  CHECK(told(same) == "INSUFFICIENT_FUNDS");
}

TEST_CASE("Cancelling the first does not cancel who joined it", "[ledger][flow][keys]") {
  Bed bed;
  const auto first = bed.submit(transfer({{bed.a, -6}}, "key"));
  const auto second = bed.submit(transfer({{bed.a, -6}}, "key"));
  bed.house.advance();
  bed.house.cancel(*first);
  CHECK(told(first) == "CANCELLED");
  bed.house.run();
  CHECK(told(second) == "OK");
  CHECK(bed.house.balance(bed.a) == 4);
}

TEST_CASE("Cancelling who joined does not cancel the first", "[ledger][flow][keys]") {
  Bed bed;
  const auto first = bed.submit(transfer({{bed.a, -6}}, "key"));
  const auto second = bed.submit(transfer({{bed.a, -6}}, "key"));
  bed.house.advance();
  bed.house.cancel(*second);
  CHECK(told(second) == "CANCELLED");
  bed.house.run();
  CHECK(told(first) == "OK");
  CHECK(second->answers == 1);
}

TEST_CASE("Who joined one that timed out is tried anew", "[ledger][flow][keys]") {
  Bed bed;
  // What it waits for is not decided in time.
  bed.house.journal_stalled = true;
  const auto credit = bed.submit(transfer({{bed.b, 5}}));
  const auto first = bed.submit(transfer({{bed.b, -5}}, "key"));
  first->deadline = bed.house.now() + 1s;
  const auto second = bed.submit(transfer({{bed.b, -5}}, "key"));
  bed.house.run_unsynced();
  REQUIRE(bed.house.flow().anyone_waits());
  bed.house.pass(1s);
  CHECK(told(first) == "LOCK_TIMEOUT");
  bed.house.journal_stalled = false;
  bed.house.run();
  CHECK(told(credit) == "OK");
  CHECK(told(second) == "OK");
}

TEST_CASE("A key that the journal finds bound is replayed once it is durable",
          "[ledger][flow][keys]") {
  Bed bed;
  const auto lost = bed.submit(transfer({{bed.a, -4}}, "key"));
  bed.house.run_unsynced();
  bed.house.crash_coordinator(Fence::unsynced);
  const auto retry = bed.submit(transfer({{bed.a, -4}}, "key"));
  const auto joiner = bed.submit(transfer({{bed.a, -4}}, "key"));
  const auto other = bed.submit(transfer({{bed.a, -1}}, "key"));
  retry->deadline = bed.house.now() + 1s;
  bed.house.run_unsynced();
  CHECK_FALSE(retry->answered());
  // After the commit is handed to the journal only the outcome counts.
  bed.house.pass(2s);
  bed.house.cancel(*retry);
  bed.house.run();
  CHECK(lost->answers == 0);
  CHECK(told(retry) == "OK");
  CHECK(told(joiner) == "OK");
  CHECK(told(other) == "IDEMPOTENCY_MISMATCH");
  CHECK(bed.house.balance(bed.a) == 6);
}

TEST_CASE("A retry at a new coordinator meets the one outcome, not the funds that it left",
          "[ledger][flow][keys]") {
  Bed bed;
  bed.submit(transfer({{bed.a, -6}}, "key"));
  bed.house.run_unsynced();
  bed.house.crash_coordinator();
  const auto retry = bed.ask(transfer({{bed.a, -6}}, "key"));
  CHECK(told(retry) == "OK");
  CHECK(bed.house.balance(bed.a) == 4);
}

TEST_CASE("A key that cannot be looked up refuses its transfer", "[ledger][flow][keys]") {
  Bed bed;
  bed.house.journal().keys_readable = false;
  CHECK(told(bed.ask(transfer({{bed.a, -1}}, "key"))) == "JOURNAL_UNAVAILABLE");
  CHECK(told(bed.ask(transfers({{{{bed.a, -1}}, "key", {}}}, Atomic::yes))) ==
        "JOURNAL_UNAVAILABLE");
  CHECK(told(bed.ask(transfer({{bed.a, -1}}))) == "OK");
}

}  // namespace

namespace {

// A chain that grows with every look-up.
class GrowingChain final : public ledger::KeySource {
 public:
  ledger::Sequence durable() const override { return durable_; }
  ledger::Result<std::vector<ledger::BoundTransfer>> find(
      std::span<const ledger::Transfer* const>) override {
    if (first_looked_at == 0) first_looked_at = durable_;
    ++durable_;
    return std::vector<ledger::BoundTransfer>{};
  }
  ledger::Result<std::vector<ledger::BoundReference>> find_references(
      std::span<const ledger::Transfer* const>) override {
    return std::vector<ledger::BoundReference>{};
  }
  std::vector<ledger::Result<std::optional<ledger::Original>>> originals(
      std::span<const ledger::TransactionPlace> places, std::size_t) override {
    return {places.size(), std::optional<ledger::Original>{}};
  }
  ledger::Sequence first_looked_at = 0;

 private:
  ledger::Sequence durable_ = 10;
};

}  // namespace

// The journal looks at what was bound after it: said too high, a key could be bound twice.
TEST_CASE("A batch says no more of the chain was searched for its keys than was") {
  GrowingChain chain;
  ledger::TransferFlow flow({.shards = 1, .incarnation = 1}, chain, 10);
  flow.submit(
      transfers({{{{"a", -1}}, "k1", {}}, {{{"a", -1}}, "k2", {}}, {{{"a", -1}}, "k3", {}}}));
  ledger::TransferFlow::Effects effects;
  flow.advance({}, effects);
  REQUIRE(effects.lock);
  CHECK(chain.first_looked_at == 10);
  CHECK(effects.lock->keys_known == 10);
}

}  // namespace sg::test
