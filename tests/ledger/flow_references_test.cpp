// References that have to be unique: one effect for each, whoever asks for it and when.
#include <catch2/catch.hpp>

#include "tests/ledger/flow_bed.hpp"

namespace sg::test {
namespace {

struct Bed : FlowBed {
  Order once(std::string reference = "r", std::string key = {}, ledger::Amount amount = -1) const {
    return {{{a, amount}}, std::move(key), std::move(reference), true};
  }
  Order plain(std::string reference = "r", std::string key = {}) const {
    return {{{a, -1}}, std::move(key), std::move(reference), false};
  }
  std::string id_of(const TestSubmissionPtr& submission, std::size_t item = 0) const {
    const auto& result = submission->results[item];
    return ledger::transaction_id(result.time, result.sequence);
  }
};

TEST_CASE("A reference that is used is refused for ever, by whoever it is used",
          "[ledger][flow][references]") {
  Bed bed;
  const auto first = bed.ask(transfers({bed.once()}));
  CHECK(told(first) == "OK");
  for (int i = 0; i < 2; ++i) {
    const auto again = bed.ask(transfers({bed.once()}));
    CHECK(told(again) == "REFERENCE_EXISTS");
    CHECK(fact(again, "transaction_id") == bed.id_of(first));
    CHECK(fact(again, "reference") == "r");
    CHECK(again->results[0].error->outcome == ledger::Outcome::none);
  }
  // Who does not ask may use it.
  CHECK(told(bed.ask(transfers({bed.plain()}))) == "OK");
  CHECK(fact(bed.ask(transfers({bed.once()})), "transaction_id") == bed.id_of(first));
  const auto other = bed.ask(transfers({bed.plain("s")}));
  const auto refused = bed.ask(transfers({bed.once("s")}));
  CHECK(told(refused) == "REFERENCE_EXISTS");
  CHECK(fact(refused, "transaction_id") == bed.id_of(other));
  CHECK(bed.house.balance(bed.a) == 7);
}

TEST_CASE("The key decides before the reference", "[ledger][flow][references]") {
  Bed bed;
  const auto first = bed.ask(transfers({bed.once("r", "k")}));
  const auto again = bed.ask(transfers({bed.once("r", "k")}));
  CHECK(told(again) == "OK");
  CHECK(again->results[0].sequence == first->results[0].sequence);
  CHECK(told(bed.ask(transfers({bed.once("s", "k")}))) == "IDEMPOTENCY_MISMATCH");
  // A refusal binds no key.
  CHECK(told(bed.ask(transfers({bed.once("r", "other")}))) == "REFERENCE_EXISTS");
  CHECK(bed.house.flow().keys_in_flight() == 0);
  CHECK(told(bed.ask(transfers({bed.once("t", "other")}))) == "OK");
}

TEST_CASE("The reference decides before the accounts and their funds",
          "[ledger][flow][references]") {
  Bed bed;
  REQUIRE(told(bed.ask(transfers({bed.once()}))) == "OK");
  CHECK(told(bed.ask(transfers({bed.once("r", {}, -1000)}))) == "REFERENCE_EXISTS");
  CHECK(told(bed.ask(transfers({{{{"nobody", -1}}, {}, "r", true}}))) == "REFERENCE_EXISTS");
}

TEST_CASE("Who asks for a reference in flight waits for its end", "[ledger][flow][references]") {
  Bed bed;
  const auto first = bed.submit(transfers({bed.once("r", {}, GENERATE(-1, -1000))}));
  bed.house.advance();
  const auto second = bed.submit(transfers({bed.once("r", "k")}));
  const auto third = bed.submit(transfers({bed.once("r", {}, -2)}));
  const auto other = bed.submit(transfers({bed.once("s")}));
  bed.house.run();
  CHECK(told(other) == "OK");
  if (told(first) == "OK") {
    CHECK(fact(second, "transaction_id") == bed.id_of(first));
    CHECK(told(third) == "REFERENCE_EXISTS");
  } else {
    CHECK(told(first) == "INSUFFICIENT_FUNDS");
    CHECK(told(second) == "OK");
    CHECK(fact(third, "transaction_id") == bed.id_of(second));
  }
  CHECK(bed.house.flow().claims_in_flight() == 0);
  CHECK(bed.house.flow().keys_in_flight() == 0);
}

TEST_CASE("One that uses the reference without asking is seen, however late",
          "[ledger][flow][references]") {
  Bed bed;
  // Both are locked when the first of them is sequenced.
  const auto plain = bed.submit(transfers({bed.plain()}));
  const auto asking = bed.submit(transfers({bed.once()}));
  bed.house.run();
  CHECK(told(plain) == "OK");
  CHECK(told(asking) == "REFERENCE_EXISTS");
  CHECK(fact(asking, "transaction_id") == bed.id_of(plain));
  // The other way around both are right.
  const auto before = bed.submit(transfers({bed.once("s")}));
  const auto after = bed.submit(transfers({bed.plain("s")}));
  bed.house.run();
  CHECK(told(before) == "OK");
  CHECK(told(after) == "OK");
}

TEST_CASE("Items of a batch ask one after the other, those of an atomic one together",
          "[ledger][flow][references]") {
  Bed bed;
  const auto each = bed.ask(transfers({bed.once("1"), bed.once("2"), bed.once("1")}));
  CHECK(told_all(each) == Told{"OK", "OK", "REFERENCE_EXISTS"});
  const auto ask = [&](std::vector<Order> orders) {
    return told_all(bed.ask(transfers(std::move(orders), Atomic::yes)));
  };
  CHECK(ask({bed.once("3"), bed.once("3")}) == Told{"BATCH_ABORTED", "REFERENCE_EXISTS"});
  CHECK(ask({bed.plain("3"), bed.once("3")}) == Told{"BATCH_ABORTED", "REFERENCE_EXISTS"});
  CHECK(ask({bed.once("3"), bed.once("1")}) == Told{"BATCH_ABORTED", "REFERENCE_EXISTS"});
  CHECK(ask({bed.once("3"), bed.plain("3")}) == Told{"OK", "OK"});
  // Two with one key are one transfer.
  CHECK(ask({bed.once("4", "k"), bed.once("4", "k"), bed.once("5", "l")}) ==
        Told{"OK", "OK", "OK"});
  CHECK(ask({bed.once("4", "k"), bed.once("4", "k"), bed.once("5", "l")}) ==
        Told{"OK", "OK", "OK"});
  CHECK(bed.house.balance(bed.a) == 10 - 2 - 2 - 2);
  CHECK(bed.house.flow().claims_in_flight() == 0);
}

TEST_CASE("An atomic batch waits as a whole for a reference in flight",
          "[ledger][flow][references]") {
  Bed bed;
  const auto first = bed.submit(transfers({bed.once("r", {}, -1000)}));
  bed.house.advance();
  const auto batch = bed.submit(transfers({bed.once("s", "k"), bed.once("r", "l")}, Atomic::yes));
  bed.house.advance();
  bed.house.run_unsynced();
  bed.house.run();
  CHECK(told(first) == "INSUFFICIENT_FUNDS");
  CHECK(told_all(batch) == Told{"OK", "OK"});
}

TEST_CASE("Who waits for a reference may cancel, and is not forgotten when all ends",
          "[ledger][flow][references]") {
  Bed bed;
  bed.house.journal_stalled = true;
  const auto first = bed.submit(transfers({bed.once()}));
  bed.house.run();
  const auto second = bed.submit(transfers({bed.once()}));
  const auto third = bed.submit(transfers({bed.once()}));
  bed.house.run();
  bed.house.cancel(*second);
  CHECK(told(second) == "CANCELLED");
  CHECK(told(third).empty());
  bed.house.crash_journal();
  CHECK(told(first) == "JOURNAL_UNAVAILABLE");
  CHECK(told(third) == "JOURNAL_UNAVAILABLE");
  CHECK(third->results[0].error->outcome == ledger::Outcome::none);
}

// All of them at once would take one, refuse the others, and so on: the square of their number.
TEST_CASE("Those who wait for a reference try one after the other, and all if one commits",
          "[ledger][flow][references]") {
  Bed bed;
  constexpr std::size_t kMany = 2000;
  std::vector<Order> orders;
  for (std::size_t i = 0; i < kMany; ++i) orders.push_back(bed.once("r", {}, -1000));
  orders.push_back(bed.once("r"));
  for (std::size_t i = 0; i < kMany; ++i) orders.push_back(bed.once("r", {}, -1000));
  const auto lookups = bed.house.journal().references_asked;
  const auto batch = bed.ask(transfers(std::move(orders)));
  for (std::size_t i = 0; i < kMany; ++i) {
    REQUIRE(told(batch, i) == "INSUFFICIENT_FUNDS");
    REQUIRE(told(batch, kMany + 1 + i) == "REFERENCE_EXISTS");
  }
  CHECK(told(batch, kMany) == "OK");
  // Each is asked for twice: when it comes, and when its turn has come.
  CHECK(bed.house.journal().references_asked - lookups <= 2 * (2 * kMany + 1));
  CHECK(bed.house.flow().claims_in_flight() == 0);
}

TEST_CASE("A reference that is kept for one who does not take it goes to the next",
          "[ledger][flow][references]") {
  Bed bed;
  const auto first = bed.submit(transfers({bed.once("r", {}, -1000)}));
  bed.house.advance();
  const auto cancelled = bed.submit(transfers({bed.once()}));
  const auto other = bed.submit(transfers({bed.plain("s", "k")}));
  // Its key is bound when its turn comes, and its batch waits for another reference.
  const auto bound = bed.submit(transfers({bed.once("r", "k")}));
  const auto late = bed.submit(transfers({bed.once()}));
  const auto last = bed.submit(transfers({bed.once()}));
  late->deadline = bed.house.now() + std::chrono::milliseconds(1);
  bed.house.advance();
  bed.house.cancel(*cancelled);
  bed.house.pass(std::chrono::milliseconds(2));
  bed.house.run();
  CHECK(told(first) == "INSUFFICIENT_FUNDS");
  CHECK(told(cancelled) == "CANCELLED");
  CHECK(told(other) == "OK");
  CHECK(told(bound) == "IDEMPOTENCY_MISMATCH");
  CHECK(told(late) == "LOCK_TIMEOUT");
  CHECK(told(last) == "OK");
  CHECK(bed.house.flow().claims_in_flight() == 0);
}

TEST_CASE("A reference that cannot be looked up is refused, and nothing is done",
          "[ledger][flow][references]") {
  Bed bed;
  bed.house.journal().keys_readable = false;
  const auto refused = bed.ask(transfers({bed.once()}));
  CHECK(told(refused) == "JOURNAL_UNAVAILABLE");
  bed.house.journal().keys_readable = true;
  CHECK(told(bed.ask(transfers({bed.once()}))) == "OK");
}

}  // namespace
}  // namespace sg::test
