// When several refusals apply: arguments in entry order; the key; not found in entry order; funds
// and range in entry order. Wherever the accounts live.
#include <catch2/catch.hpp>
#include <limits>

#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

namespace {

constexpr std::size_t kShards = 3;
constexpr auto kMax = std::numeric_limits<std::int64_t>::max();

// On each shard an account with 10, one that is full, and the name of one that does not exist.
struct World {
  RunningLedger ledger;
  std::vector<std::string> poor;
  std::vector<std::string> full;
  std::vector<std::string> missing;

  World() {
    for (std::size_t shard = 0; shard < kShards; ++shard) {
      poor.push_back(on_shard("poor", shard));
      full.push_back(on_shard("full", shard));
      missing.push_back(on_shard("missing", shard));
      REQUIRE(told(ledger.client.create_account(poor.back(), 10)) == "OK");
      REQUIRE(told(ledger.client.create_account(full.back(), kMax)) == "OK");
    }
  }
  std::string told_of(const Entries& entries, const std::string& key = {}) {
    return told(ledger.client.transfer(entries, key));
  }
  // With each pair of shards, the same one twice included.
  template <class Check>
  void for_each_pair(Check check) {
    for (std::size_t s = 0; s < kShards; ++s) {
      for (std::size_t t = 0; t < kShards; ++t) {
        CAPTURE(s, t);
        check(s, t);
      }
    }
  }
};

std::string not_found(const std::string& id) {
  return "NOT_FOUND ACCOUNT_NOT_FOUND account_id=" + id + " outcome=none";
}
std::string short_of_funds(const std::string& id) {
  return "FAILED_PRECONDITION INSUFFICIENT_FUNDS account_id=" + id +
         " amount=-11 balance=10 outcome=none";
}
std::string overflows(const std::string& id) {
  return "OUT_OF_RANGE BALANCE_OVERFLOW account_id=" + id +
         " amount=1 balance=9223372036854775807 outcome=none";
}

}  // namespace

TEST_CASE("Wrong arguments are told in the order of the entries, then reference, then key") {
  RunningLedger ledger;
  const auto told_of = [&](const wire::TransferRequest& request) {
    return told(ledger.client.ask(&LedgerStub::Transfer, request));
  };
  const std::string long_text(1025, 'x');
  CHECK(told_of(transfer_of({{"a", 0}, {"", 1}}, long_text, long_text)) ==
        "INVALID_ARGUMENT AMOUNT_ZERO field=entries[0].amount outcome=none");
  CHECK(told_of(transfer_of({{"", 0}, {"b", 0}}, long_text, long_text)) ==
        "INVALID_ARGUMENT ID_EMPTY field=entries[0].account_id outcome=none");
  CHECK(told_of(transfer_of({{"a", 1}, {"b", 0}}, long_text, long_text)) ==
        "INVALID_ARGUMENT AMOUNT_ZERO field=entries[1].amount outcome=none");
  CHECK(told_of(transfer_of({{"a", 1}}, long_text, long_text)) ==
        "INVALID_ARGUMENT REFERENCE_TOO_LONG field=reference outcome=none");
  CHECK(told_of(transfer_of({{"a", 1}}, long_text)) ==
        "INVALID_ARGUMENT ID_TOO_LONG field=idempotency_key outcome=none");
}

TEST_CASE("Wrong arguments come before the key, the key before all that accounts say") {
  World world;
  const Entries first{{world.poor[0], -10}};
  const auto done = world.ledger.client.transfer(first, "k");
  REQUIRE(done.ok());
  const std::string mismatch = "ALREADY_EXISTS IDEMPOTENCY_MISMATCH idempotency_key=k outcome=none";

  CHECK(world.told_of({{world.poor[0], 0}}, "k") ==
        "INVALID_ARGUMENT AMOUNT_ZERO field=entries[0].amount outcome=none");
  CHECK(world.told_of({{world.missing[0], 1}}, "k") == mismatch);
  CHECK(world.told_of({{world.poor[1], -11}}, "k") == mismatch);
  CHECK(world.told_of({{world.full[1], 1}}, "k") == mismatch);
  // The account has nothing left: the replay does not ask it.
  const auto again = world.ledger.client.transfer(first, "k");
  CHECK(told(again) == "OK");
  CHECK(again.body.id() == done.body.id());
  CHECK(world.ledger.client.balance(world.poor[0]) == 0);
}

TEST_CASE("An account that does not exist comes before funds and range, on any shard") {
  World world;
  world.for_each_pair([&](std::size_t s, std::size_t t) {
    CHECK(world.told_of({{world.poor[s], -11}, {world.missing[t], 1}}) ==
          not_found(world.missing[t]));
    CHECK(world.told_of({{world.full[s], 1}, {world.missing[t], 1}}) ==
          not_found(world.missing[t]));
  });
}

TEST_CASE("Of accounts that do not exist the first entry's is told, on any shard") {
  World world;
  world.for_each_pair([&](std::size_t s, std::size_t t) {
    const auto other = on_shard("absent", t);
    CHECK(world.told_of({{world.poor[0], 1}, {world.missing[s], 1}, {other, 1}}) ==
          not_found(world.missing[s]));
    CHECK(world.told_of({{world.poor[0], 1}, {other, 1}, {world.missing[s], 1}}) ==
          not_found(other));
  });
}

TEST_CASE("Funds and range are told in the order of the entries, on any shard") {
  World world;
  world.for_each_pair([&](std::size_t s, std::size_t t) {
    CHECK(world.told_of({{world.poor[s], -11}, {world.full[t], 1}}) ==
          short_of_funds(world.poor[s]));
    CHECK(world.told_of({{world.full[s], 1}, {world.poor[t], -11}}) == overflows(world.full[s]));
    if (s == t) return;
    CHECK(world.told_of({{world.poor[s], -11}, {world.poor[t], -11}}) ==
          short_of_funds(world.poor[s]));
    CHECK(world.told_of({{world.full[s], 1}, {world.full[t], 1}}) == overflows(world.full[s]));
  });
}

TEST_CASE("Of a short account the first entry that debits it stands for its place in the order") {
  World world;
  // Nets to -11 on poor[0]; its first debit comes after the overflow.
  CHECK(world.told_of({{world.poor[0], 9}, {world.full[1], 1}, {world.poor[0], -20}}) ==
        overflows(world.full[1]));
  CHECK(world.told_of({{world.poor[0], -20}, {world.full[1], 1}, {world.poor[0], 9}}) ==
        short_of_funds(world.poor[0]));
}

TEST_CASE("The items of a batch keep the order of precedence each for itself") {
  World world;
  const auto answer = world.ledger.client.batch({
      transfer_of({{world.poor[0], -11}, {world.missing[1], 1}}),
      transfer_of({{world.full[1], 1}, {world.poor[2], -11}}),
      transfer_of({{world.missing[2], 0}}),
  });
  REQUIRE(answer.ok());
  CHECK(told(answer.body) ==
        std::vector<std::string>{
            not_found(world.missing[1]), overflows(world.full[1]),
            "INVALID_ARGUMENT AMOUNT_ZERO field=entries[0].amount outcome=none"});
}
