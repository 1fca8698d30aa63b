// Transfers through coordinator, shards and journal: unary, batches, creations, durability.
#include <catch2/catch.hpp>

#include "tests/ledger/flow_bed.hpp"

namespace sg::test {
namespace {

struct Bed {
  LedgerHouse house{3};
  std::string a = on_shard(0, house), b = on_shard(1, house), c = on_shard(2, house);

  Bed() {
    house.open_account(a, 10);
    house.open_account(b, 0, -5);
    house.open_account(c, 0);
  }
  TestSubmissionPtr ask(TestSubmissionPtr submission) {
    house.submit(submission);
    house.run();
    return submission;
  }
};

TEST_CASE("A transfer over three shards commits as one", "[ledger][flow]") {
  Bed bed;
  const auto asked = bed.ask(transfer({{bed.a, -10}, {bed.b, 7}, {bed.c, 3}}));
  CHECK(told(asked) == "OK");
  CHECK(asked->results[0].sequence == 1);
  CHECK(asked->results[0].time > 0);
  CHECK(bed.house.balance(bed.a) == 0);
  CHECK(bed.house.read(bed.c)->balance == 3);
  CHECK(bed.house.flow().unanswered() == 0);
}

TEST_CASE("A refused transfer changes nothing on any shard", "[ledger][flow]") {
  Bed bed;
  const auto asked = bed.ask(transfer({{bed.c, 3}, {bed.a, -11}, {bed.b, 8}}));
  CHECK(told(asked) == "INSUFFICIENT_FUNDS");
  CHECK(asked->results[0].error->outcome == ledger::Outcome::none);
  CHECK(fact(asked, "account_id") == bed.a);
  CHECK(fact(asked, "balance") == "10");
  CHECK(fact(asked, "amount") == "-11");
  CHECK(bed.house.journal().chain().empty());
  CHECK(told(bed.ask(transfer({{bed.a, -10}, {bed.b, -5}}))) == "OK");
}

TEST_CASE("Over several shards not found comes first, then funds in entry order",
          "[ledger][flow]") {
  Bed bed;
  const auto missing = on_shard(2, bed.house, 5);
  auto asked = bed.ask(transfer({{bed.a, -11}, {bed.b, -6}, {missing, 1}}));
  CHECK(told(asked) == "ACCOUNT_NOT_FOUND");
  CHECK(fact(asked, "account_id") == missing);
  asked = bed.ask(transfer({{bed.c, -1}, {bed.b, -6}, {bed.a, -11}}));
  CHECK(fact(asked, "account_id") == bed.c);
  asked = bed.ask(transfer({{bed.b, -6}, {bed.a, -11}, {bed.c, -1}}));
  CHECK(fact(asked, "account_id") == bed.b);
}

TEST_CASE("An item sees the items before it", "[ledger][flow]") {
  Bed bed;
  const auto asked = bed.ask(transfers({{{{bed.a, -10}, {bed.b, 10}}, {}, {}},
                                        {{{bed.b, -15}, {bed.c, 15}}, {}, {}},
                                        {{{bed.c, -16}}, {}, {}},
                                        {{{bed.c, -15}}, {}, {}},
                                        {{{bed.a, -1}}, {}, {}}}));
  CHECK(told_all(asked) == Told{"OK", "OK", "INSUFFICIENT_FUNDS", "OK", "INSUFFICIENT_FUNDS"});
  CHECK(bed.house.balance(bed.b) == -5);
  CHECK(bed.house.balance(bed.c) == 0);
}

TEST_CASE("An item that its checks refused is left out", "[ledger][flow]") {
  Bed bed;
  for (const auto all : {Atomic::no, Atomic::yes}) {
    const auto asked = transfers({{{{bed.a, -1}}, {}, {}}, {{{"", 1}}, {}, {}}}, all);
    asked->results[1] = {ledger::ItemResult::State::refused, false, 0, 0,
                         std::make_shared<ledger::Error>(*check(asked->transfers()[1]))};
    bed.ask(asked);
    CHECK(told_all(asked) == Told{"OK", "ID_EMPTY"});
  }
}

TEST_CASE("Accounts and participants are created in order with transfers", "[ledger][flow]") {
  Bed bed;
  const auto participant = new_participant("seb");
  const auto account = new_account("seb:fees", 5, 0, "seb");
  const auto debit = transfer({{"seb:fees", -5}, {bed.a, 5}});
  const auto again = new_account("seb:fees", 5, 0, "seb");
  const auto nobody = new_account("dnb:fees", 5, 0, "dnb");
  for (const auto& s : {participant, account, debit, again, nobody}) bed.house.submit(s);
  bed.house.run();
  CHECK(told(participant) == "OK");
  CHECK(told(account) == "OK");
  CHECK(told(debit) == "OK");
  CHECK(told(again) == "ACCOUNT_EXISTS");
  CHECK(told(nobody) == "PARTICIPANT_NOT_FOUND");
  CHECK(fact(nobody, "participant_id") == "dnb");
  CHECK(told(bed.ask(new_participant("seb"))) == "PARTICIPANT_EXISTS");
  CHECK(bed.house.read("seb:fees")->balance == 0);
}

TEST_CASE("No answer shows what is not durable", "[ledger][flow]") {
  Bed bed;
  const auto spend = transfer({{bed.a, -10}}, "key");
  bed.house.submit(spend);
  bed.house.run_unsynced();
  // Refused since the unsynced one spent it; created twice; and a refusal that shows nothing new.
  const auto refused = transfer({{bed.a, -1}});
  const auto create = new_account("alice");
  const auto replay = transfer({{bed.a, -10}}, "key");
  const auto exists = new_account("alice");
  const auto other = transfer({{bed.c, -1}});
  for (const auto& s : {refused, create, replay, exists, other}) bed.house.submit(s);
  bed.house.run_unsynced();
  CHECK(told(other) == "INSUFFICIENT_FUNDS");
  for (const auto& s : {spend, refused, create, replay, exists}) CHECK_FALSE(s->answered());
  bed.house.run();
  CHECK(told(spend) == "OK");
  CHECK(told(refused) == "INSUFFICIENT_FUNDS");
  CHECK(told(replay) == "OK");
  CHECK(told(exists) == "ACCOUNT_EXISTS");
}

TEST_CASE("A lock goes before the sync", "[ledger][flow]") {
  Bed bed;
  const auto credit = transfer({{bed.c, 5}});
  const auto debit = transfer({{bed.c, -5}});
  bed.house.submit(credit);
  bed.house.submit(debit);
  bed.house.run_unsynced();
  CHECK(bed.house.journal().image().last == 2);
  CHECK(bed.house.journal().durable() == 0);
}

TEST_CASE("While a prompt round is out, what comes forms the next batch", "[ledger][flow]") {
  Bed bed;
  bed.house.submit(transfer({{bed.a, -1}}));
  bed.house.advance();
  bed.house.submit(transfer({{bed.a, -1}}));
  bed.house.submit(transfer({{bed.b, -1}}));
  bed.house.advance();
  CHECK(bed.house.flow().undecided_batches() == 1);
  bed.house.deliver(0);
  bed.house.deliver(0);
  CHECK(bed.house.flow().undecided_batches() == 2);
  bed.house.run();
  CHECK(bed.house.journal().image().last == 3);
}

TEST_CASE("A submission that is decided already is answered at once", "[ledger][flow]") {
  Bed bed;
  const auto asked = transfer({{"", 1}});
  asked->results[0] = {ledger::ItemResult::State::refused, false, 0, 0,
                       std::make_shared<ledger::Error>(*check(asked->transfers()[0]))};
  bed.house.submit(asked);
  CHECK(told(asked) == "ID_EMPTY");
}

TEST_CASE("A queue of replays longer than a batch is taken in turns", "[ledger][flow]") {
  Bed bed;
  bed.ask(transfer({{bed.c, 1}}, "key"));
  std::vector<Order> orders(10'000, Order{{{bed.c, 1}}, "key", {}});
  const auto first = transfers(orders);
  const auto second = transfers(orders);
  bed.house.submit(first);
  bed.house.submit(second);
  bed.house.advance();
  CHECK(told(first) == "OK");
  CHECK_FALSE(second->answered());
  CHECK(bed.house.flow().can_advance());
  bed.house.advance();
  CHECK(told(second, 9'999) == "OK");
}

}  // namespace
}  // namespace sg::test
