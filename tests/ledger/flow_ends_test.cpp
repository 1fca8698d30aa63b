// How a request ends that does not commit: cancelled, late, a shard or the journal away.
#include <catch2/catch.hpp>

#include "tests/ledger/flow_bed.hpp"

namespace sg::test {
namespace {

using namespace std::chrono_literals;
using ledger::Outcome;

struct Bed {
  LedgerHouse house{2, 3s};
  std::string a = on_shard(0, house), b = on_shard(1, house);

  Bed() {
    house.open_account(a, 10);
    house.open_account(b, 0);
  }
  TestSubmissionPtr submit(TestSubmissionPtr submission) {
    house.submit(submission);
    return submission;
  }
  // Waits on b for a credit whose commit is on its way to the journal; it holds a.
  TestSubmissionPtr waiting_debit(ledger::SteadyTime deadline = ledger::SteadyTime::max()) {
    house.journal_stalled = true;
    credit = submit(transfer({{b, 5}}));
    auto debit = transfer({{b, -5}, {a, -10}}, "debit");
    debit->deadline = deadline;
    submit(debit);
    house.run_unsynced();
    REQUIRE(house.flow().anyone_waits());
    REQUIRE(house.waiting() == 1);
    return debit;
  }
  void go_on() {
    house.journal_stalled = false;
    house.run();
  }
  bool at_rest() {
    house.pass(0ms);
    const auto& flow = house.flow();
    return flow.undecided_batches() + flow.keys_in_flight() + flow.unanswered() == 0 &&
           !flow.anyone_waits() && house.waiting() == 0 &&
           house.shard(0)->undecided_batches() + house.shard(1)->undecided_batches() == 0;
  }
  Outcome outcome(const TestSubmissionPtr& submission, std::size_t item = 0) const {
    return submission->results[item].error->outcome;
  }

  TestSubmissionPtr credit;
};

TEST_CASE("A wait for a lock ends with its deadline", "[ledger][flow][ends]") {
  Bed bed;
  const auto debit = bed.waiting_debit(bed.house.now() + 1s);
  bed.house.pass(999ms);
  CHECK_FALSE(debit->answered());
  bed.house.pass(1ms);
  CHECK(told(debit) == "LOCK_TIMEOUT");
  CHECK(bed.outcome(debit) == Outcome::none);
  bed.go_on();
  CHECK(told(bed.submit(transfer({{bed.a, -10}}))).empty());
  bed.house.run();
  CHECK(bed.house.balance(bed.a) == 0);
  CHECK(bed.at_rest());
}

TEST_CASE("A wait for a lock ends with the configured time", "[ledger][flow][ends]") {
  Bed bed;
  const auto debit = bed.waiting_debit();
  bed.house.pass(2999ms);
  CHECK_FALSE(debit->answered());
  bed.house.pass(1ms);
  CHECK(told(debit) == "LOCK_TIMEOUT");
  bed.go_on();
  CHECK(told(bed.credit) == "OK");
  CHECK(bed.at_rest());
}

TEST_CASE("A wait that ends before its deadline is served", "[ledger][flow][ends]") {
  Bed bed;
  const auto debit = bed.waiting_debit(bed.house.now() + 1s);
  bed.go_on();
  bed.house.pass(2s);
  CHECK(told(debit) == "OK");
  CHECK(bed.at_rest());
}

TEST_CASE("A deadline that passed before the votes is heeded", "[ledger][flow][ends]") {
  Bed bed;
  const auto late = transfer({{bed.a, -1}});
  late->deadline = bed.house.now() + 1s;
  SECTION("in the queue") {
    bed.submit(late);
    bed.house.pass(1s);
  }
  SECTION("while shards vote") {
    bed.submit(late);
    bed.house.advance();
    bed.house.pass(1s);
  }
  bed.house.run();
  CHECK(told(late) == "LOCK_TIMEOUT");
  CHECK(bed.house.journal().chain().empty());
  CHECK(bed.at_rest());
}

TEST_CASE("A cancellation counts until the journal has the commit", "[ledger][flow][ends]") {
  Bed bed;
  const auto asked = bed.submit(transfer({{bed.a, -1}, {bed.b, 1}}, "key"));
  SECTION("in the queue") {
    bed.house.cancel(*asked);
    bed.house.run();
    CHECK(told(asked) == "CANCELLED");
  }
  SECTION("while shards vote") {
    bed.house.advance();
    bed.house.cancel(*asked);
    CHECK(told(asked) == "CANCELLED");
    bed.house.run();
  }
  SECTION("set, but not told, while shards vote") {
    bed.house.advance();
    asked->cancelled = true;
    bed.house.run();
    CHECK(told(asked) == "CANCELLED");
  }
  SECTION("handed over") {
    bed.house.journal_stalled = true;
    bed.house.run_unsynced();
    bed.house.cancel(*asked);
    CHECK_FALSE(asked->answered());
    bed.go_on();
    CHECK(told(asked) == "OK");
  }
  CHECK(bed.at_rest());
}

TEST_CASE("Cancelling one that waits lets the next go on", "[ledger][flow][ends]") {
  Bed bed;
  const auto debit = bed.waiting_debit();
  const auto next = bed.submit(transfer({{bed.b, 1}}));
  bed.house.run_unsynced();
  CHECK(bed.house.waiting() == 2);
  bed.house.cancel(*debit);
  CHECK(told(debit) == "CANCELLED");
  bed.go_on();
  CHECK(told(next) == "OK");
  CHECK(bed.at_rest());
}

TEST_CASE("What touches a shard that is away ends UNAVAILABLE, the rest goes on",
          "[ledger][flow][ends]") {
  Bed bed;
  bed.house.crash_shard(1);
  bed.house.run();
  const auto both = bed.submit(transfer({{bed.a, -1}, {bed.b, 1}}));
  const auto one = bed.submit(transfer({{bed.a, -2}}));
  bed.house.run();
  CHECK(told(both) == "SHARD_UNAVAILABLE");
  CHECK(fact(both, "shard") == "1");
  CHECK(told(one) == "OK");
  bed.house.attach_shard(1);
  bed.house.run();
  const auto again = bed.submit(transfer({{bed.a, -8}, {bed.b, 8}}));
  bed.house.run();
  CHECK(told(again) == "OK");
  CHECK(bed.at_rest());
}

TEST_CASE("A shard that goes away while it votes or has granted ends what it touches",
          "[ledger][flow][ends]") {
  Bed bed;
  const auto both = bed.submit(transfer({{bed.a, -10}, {bed.b, 10}}, "key"));
  SECTION("before it votes") { bed.house.advance(); }
  SECTION("after the commit was sent") {
    bed.house.journal_stalled = true;
    bed.house.run_unsynced();
  }
  bed.house.crash_shard(1);
  bed.house.attach_shard(1);
  bed.go_on();
  CHECK(told(both) == "SHARD_UNAVAILABLE");
  CHECK(bed.outcome(both) == Outcome::none);
  const auto retry = bed.submit(transfer({{bed.a, -10}, {bed.b, 10}}, "key"));
  bed.house.run();
  CHECK(told(retry) == "OK");
  CHECK(bed.at_rest());
}

// The batch was forgotten with its last decision, and with it the vote that was still out: no
// further batch was ever formed.
TEST_CASE("A shard that goes away before it votes on what was cancelled blocks nobody",
          "[ledger][flow][ends]") {
  Bed bed;
  const auto asked = bed.submit(transfer({{bed.b, 1}}));
  bed.house.advance();
  bed.house.cancel(*asked);
  bed.house.crash_shard(1);
  bed.house.run();
  const auto next = bed.submit(transfer({{bed.a, -1}}));
  bed.house.run();
  CHECK(told(next) == "OK");
  bed.house.attach_shard(1);
  bed.house.run();
  CHECK(bed.at_rest());
}

TEST_CASE("A full disk refuses before anything is sequenced", "[ledger][flow][ends]") {
  Bed bed;
  bed.house.journal().full = true;
  const auto refused = bed.submit(transfer({{bed.a, -10}}, "key"));
  bed.house.run();
  CHECK(told(refused) == "STORAGE_FULL");
  CHECK(bed.outcome(refused) == Outcome::none);
  bed.house.journal().full = false;
  const auto retry = bed.submit(transfer({{bed.a, -10}}, "key"));
  bed.house.run();
  CHECK(told(retry) == "OK");
  CHECK(bed.at_rest());
}

TEST_CASE("A fenced coordinator's locks go, what was sequenced stands", "[ledger][flow][ends]") {
  Bed bed;
  bed.submit(transfer({{bed.a, -4}}));
  bed.house.run_unsynced();
  bed.house.journal_stalled = true;
  bed.submit(transfer({{bed.a, -6}, {bed.b, 6}}));
  bed.house.run_unsynced();
  bed.house.crash_coordinator();
  const auto all = bed.submit(transfer({{bed.a, -6}}));
  bed.go_on();
  CHECK(told(all) == "OK");
  CHECK(bed.house.balance(bed.a) == 0);
  CHECK(bed.house.balance(bed.b) == 0);
  CHECK(bed.at_rest());
}

// What no commit was sent for was told "unknown" too.
TEST_CASE("When the journal goes away, only what it was handed is unknown",
          "[ledger][flow][ends]") {
  Bed bed;
  const auto waits = bed.waiting_debit();
  const auto handed = bed.submit(transfer({{bed.a, 1}}, "handed"));
  const auto batch = bed.submit(transfers({{{{bed.b, 1}}, {}, {}}, {{{bed.a, 2}}, {}, {}}}));
  bed.house.run_unsynced();
  const auto joins_handed = bed.submit(transfer({{bed.a, 1}}, "handed"));
  const auto joins_waiting = bed.submit(transfer({{bed.b, -5}, {bed.a, -10}}, "debit"));
  bed.house.run_unsynced();
  const auto queued = bed.submit(transfer({{bed.a, 1}}));
  // Its key was not looked up yet: an earlier attempt may have had its effect.
  const auto queued_retry = bed.submit(transfer({{bed.a, 1}}, "handed"));
  bed.house.crash_journal();
  for (const auto& s : {bed.credit, handed, joins_handed, queued_retry}) {
    CHECK(told(s) == "JOURNAL_UNAVAILABLE");
    CHECK(bed.outcome(s) == Outcome::unknown);
  }
  for (const auto& s : {waits, joins_waiting, queued}) {
    CHECK(told(s) == "JOURNAL_UNAVAILABLE");
    CHECK(bed.outcome(s) == Outcome::none);
  }
  CHECK(bed.outcome(batch, 0) == Outcome::none);
  CHECK(bed.outcome(batch, 1) == Outcome::unknown);
  for (const auto& s : bed.house.submissions()) CHECK(s->answers == 1);
  CHECK(bed.at_rest());
}

TEST_CASE("A refusal that showed an unsynced record is not told when the journal goes away",
          "[ledger][flow][ends]") {
  Bed bed;
  const auto spend = bed.submit(transfer({{bed.a, -10}}));
  bed.house.run_unsynced();
  const auto refused = bed.submit(transfer({{bed.a, -1}}));
  bed.house.run_unsynced();
  bed.house.crash_journal();
  CHECK(told(spend) == "JOURNAL_UNAVAILABLE");
  CHECK(bed.outcome(spend) == Outcome::unknown);
  CHECK(told(refused) == "JOURNAL_UNAVAILABLE");
  CHECK(bed.outcome(refused) == Outcome::none);
  CHECK(bed.house.balance(bed.a) == 10);
}

}  // namespace
}  // namespace sg::test
