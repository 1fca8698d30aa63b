// A shard's votes while an account or a participant is being created.
#include <catch2/catch.hpp>

#include "tests/ledger/shard_bed.hpp"

namespace sg::test {
namespace {

using ledger::Reason;
using ledger::Vote;

TEST_CASE("A transfer waits for the creation of its account", "[ledger][shard]") {
  ShardBed bed;
  const auto create = bed.ask(new_account("alice", 5));
  CHECK(create.vote() == Vote::granted);
  CHECK_FALSE(bed.shard.read("alice"));
  const auto debit = bed.ask({{"alice", -5}});
  CHECK(debit.vote() == Vote::waiting);
  SECTION("committed: it is served") {
    bed.commit(create);
    const auto late = bed.late();
    REQUIRE(late.size() == 1);
    CHECK(late[0].vote == Vote::granted);
    CHECK(debit.batch->account_numbers == std::vector<ledger::AccountNumber>{1000});
    bed.commit(debit);
    CHECK(bed.shard.read("alice")->balance == 0);
    CHECK(bed.shard.read("alice")->number == 1000);
  }
  SECTION("aborted: it finds nothing, and the name is free") {
    bed.abort(create);
    const auto late = bed.late();
    REQUIRE(late.size() == 1);
    CHECK(late[0].refusal.reason == Reason::account_not_found);
    CHECK(bed.shard.accounts() == 0);
  }
  SECTION("cancelled itself: the creation goes on") {
    bed.abort(debit);
    bed.commit(create);
    CHECK(bed.shard.read("alice")->balance == 5);
  }
  SECTION("fenced: neither happened") {
    bed.shard.drop_undecided();
    CHECK(bed.shard.accounts() == 0);
  }
  CHECK(bed.at_rest());
}

TEST_CASE("A second creation waits for the first", "[ledger][shard]") {
  ShardBed bed;
  const auto first = bed.ask(new_account("alice", 5));
  const auto second = bed.ask(new_account("alice", 7));
  const auto credit = bed.ask({{"alice", 1}});
  CHECK(second.vote() == Vote::waiting);
  SECTION("committed: the account exists") {
    bed.commit(first);
    const auto late = bed.late();
    REQUIRE(late.size() == 2);
    CHECK(late[0].refusal.reason == Reason::account_exists);
    CHECK(late[0].refusal.observed == 1);
    CHECK(late[1].vote == Vote::granted);
    bed.commit(credit);
    CHECK(bed.shard.read("alice")->balance == 6);
  }
  SECTION("aborted: the second one creates it") {
    bed.abort(first);
    REQUIRE(bed.late().size() == 1);
    bed.commit(second);
    REQUIRE(bed.late().size() == 1);
    bed.commit(credit);
    CHECK(bed.shard.read("alice")->balance == 8);
  }
  SECTION("both aborted: the name is free") {
    bed.abort(second);
    bed.abort(first);
    CHECK(bed.late().size() == 1);
    CHECK(bed.shard.accounts() == 0);
  }
  SECTION("fenced: the name is free") {
    bed.shard.drop_undecided();
    CHECK(bed.shard.accounts() == 0);
    const auto again = bed.ask(new_account("alice", 9));
    CHECK(again.vote() == Vote::granted);
    bed.commit(again);
    CHECK(bed.shard.read("alice")->balance == 9);
  }
  CHECK(bed.at_rest());
}

TEST_CASE("What exists is refused at once", "[ledger][shard]") {
  ShardBed bed(3);
  bed.shard.load_account("alice", 1, 0, ledger::Policy{0});
  bed.shard.load_participant("seb");
  const auto account = bed.ask(new_account("alice"));
  REQUIRE(account.vote() == Vote::refused);
  CHECK(account.refusal().reason == Reason::account_exists);
  CHECK(account.refusal().observed == 3);
  const auto participant = bed.ask(new_participant("seb"));
  REQUIRE(participant.vote() == Vote::refused);
  CHECK(participant.refusal().reason == Reason::participant_exists);
  CHECK(bed.at_rest());
}

TEST_CASE("A participant's account needs its participant", "[ledger][shard]") {
  ShardBed bed;
  const auto early = bed.ask(new_account("seb:fees", 0, 0, "seb"));
  REQUIRE(early.vote() == Vote::refused);
  CHECK(early.refusal().reason == Reason::participant_not_found);
  CHECK(bed.shard.accounts() == 0);

  const auto seb = bed.ask(new_participant("seb"));
  const auto account = bed.ask(new_account("seb:fees", 0, 0, "seb"));
  const auto credit = bed.ask({{"seb:fees", 1}});
  CHECK(account.vote() == Vote::waiting);
  CHECK(credit.vote() == Vote::waiting);
  SECTION("committed") {
    bed.commit(seb);
    REQUIRE(bed.late().size() == 1);
    bed.commit(account);
    REQUIRE(bed.late().size() == 1);
    bed.commit(credit);
    CHECK(bed.shard.read("seb:fees")->balance == 1);
  }
  SECTION("aborted: the account goes, and who waits for it") {
    bed.abort(seb);
    const auto late = bed.late();
    REQUIRE(late.size() == 2);
    CHECK(late[0].refusal.reason == Reason::participant_not_found);
    CHECK(late[1].refusal.reason == Reason::account_not_found);
    CHECK(bed.shard.accounts() == 0);
  }
  SECTION("fenced") {
    bed.shard.drop_undecided();
    CHECK(bed.shard.accounts() == 0);
    CHECK(bed.ask(new_participant("seb")).vote() == Vote::granted);
    bed.shard.drop_undecided();
  }
  CHECK(bed.at_rest());
}

TEST_CASE("A participant and an account may have one name", "[ledger][shard]") {
  ShardBed bed;
  const auto participant = bed.ask(new_participant("seb"));
  const auto account = bed.ask(new_account("seb", 3));
  CHECK(account.vote() == Vote::granted);
  bed.commit(account);
  bed.abort(participant);
  CHECK(bed.shard.read("seb")->balance == 3);
  CHECK(bed.at_rest());
}

TEST_CASE("A standalone account cannot take the id of a participant's account", "[ledger][shard]") {
  ShardBed bed(3);
  bed.shard.load_participant("seb");
  bed.shard.load_participant("a:b");
  bed.shard.load_account("seb:fees", 1, 0, ledger::Policy{0});
  for (const char* id : {"seb:operating", "seb:standalone", "a:b:usage"}) {
    const auto asked = bed.ask(new_account(id));
    REQUIRE(asked.vote() == Vote::refused);
    CHECK(asked.refusal().reason == Reason::reserved_id);
    CHECK(asked.refusal().observed == 3);
  }
  // A creation that is tried again is told so, whatever has come since.
  const auto again = bed.ask(new_account("seb:fees"));
  REQUIRE(again.vote() == Vote::refused);
  CHECK(again.refusal().reason == Reason::account_exists);
  // No participant could own these.
  for (const char* id : {"seb", "seb:", "seb:Operating", "seb:unspecified", "seb:operating:x",
                         "a:operating", "bank:operating"}) {
    CAPTURE(id);
    const auto asked = bed.ask(new_account(id));
    CHECK(asked.vote() == Vote::granted);
    bed.abort(asked);
  }
  CHECK(bed.shard.accounts() == 1);
  CHECK(bed.at_rest());
}

TEST_CASE("A participant waits for the standalone account that could be its own",
          "[ledger][shard]") {
  ShardBed bed;
  const auto account = bed.ask(new_account("seb:fees", 5));
  const auto other = bed.ask(new_account("seb:usage", 6));
  CHECK(account.vote() == Vote::granted);
  CHECK(other.vote() == Vote::granted);  // the absence is shared
  const auto seb = bed.ask(new_participant("seb"));
  const auto late_account = bed.ask(new_account("seb:escrow"));
  CHECK(seb.vote() == Vote::waiting);
  CHECK(late_account.vote() == Vote::waiting);
  bed.abort(other);
  CHECK(bed.late().empty());
  SECTION("committed: then the participant is made, and later accounts are refused") {
    bed.commit(account);
    auto late = bed.late();
    REQUIRE(late.size() == 1);
    CHECK(late[0].vote == Vote::granted);
    bed.commit(seb);
    late = bed.late();
    REQUIRE(late.size() == 1);
    CHECK(late[0].refusal.reason == Reason::reserved_id);
    CHECK(late[0].refusal.observed == 2);
    CHECK(bed.shard.read("seb:fees")->balance == 5);
    CHECK(bed.ask(new_account("seb:fees", 0, 0, "seb")).refusal().reason == Reason::account_exists);
    CHECK(bed.ask(new_participant("seb")).refusal().reason == Reason::participant_exists);
  }
  SECTION("aborted, and the participant as well: both names are free") {
    bed.abort(account);
    REQUIRE(bed.late().size() == 1);
    bed.abort(seb);
    const auto late = bed.late();
    REQUIRE(late.size() == 1);
    CHECK(late[0].vote == Vote::granted);
    bed.abort(late_account);
    CHECK(bed.shard.accounts() == 0);
  }
  SECTION("the participant leaves the queue: the next account is judged") {
    bed.abort(seb);
    const auto late = bed.late();
    REQUIRE(late.size() == 1);
    CHECK(late[0].vote == Vote::granted);
    bed.commit(late_account);
    bed.abort(account);
  }
  SECTION("fenced: the names are free") {
    bed.shard.drop_undecided();
    const auto again = bed.ask(new_participant("seb"));
    CHECK(again.vote() == Vote::granted);
    bed.abort(again);
    CHECK(bed.shard.accounts() == 0);
  }
  CHECK(bed.at_rest());
}

TEST_CASE("A standalone account waits for the participant that could own it", "[ledger][shard]") {
  ShardBed bed;
  const auto seb = bed.ask(new_participant("seb"));
  const auto account = bed.ask(new_account("seb:fees", 5));
  const auto credit = bed.ask({{"seb:fees", 1}});
  CHECK(account.vote() == Vote::waiting);
  CHECK(credit.vote() == Vote::waiting);
  SECTION("committed: its id is reserved, and who waits for it finds nothing") {
    bed.commit(seb);
    const auto late = bed.late();
    REQUIRE(late.size() == 2);
    CHECK(late[0].refusal.reason == Reason::reserved_id);
    CHECK(late[1].refusal.reason == Reason::account_not_found);
    const auto owned = bed.ask(new_account("seb:fees", 7, 0, "seb"));
    CHECK(owned.vote() == Vote::granted);
    bed.commit(owned);
    CHECK(bed.shard.read("seb:fees")->balance == 7);
  }
  SECTION("aborted: it is made") {
    bed.abort(seb);
    REQUIRE(bed.late().size() == 1);
    bed.commit(account);
    REQUIRE(bed.late().size() == 1);
    bed.commit(credit);
    CHECK(bed.shard.read("seb:fees")->balance == 6);
  }
  CHECK(bed.at_rest());
}

// The entry that the net amount debits carried it once, although an earlier one names the account.
TEST_CASE("The first entry that names an account that was never made carries NOT_FOUND",
          "[ledger][shard]") {
  ShardBed bed;
  bed.shard.load_account("bob", 1, 100, ledger::Policy{0});
  const auto create = bed.ask(new_account("alice"));
  const auto asked = bed.ask({{"bob", -1}, {"alice", 1}, {"alice", -5}});
  bed.abort(create);
  const auto late = bed.late();
  REQUIRE(late.size() == 1);
  CHECK(late[0].refusal.reason == Reason::account_not_found);
  CHECK(late[0].refusal.entry == 1);
  CHECK(bed.at_rest());
}

}  // namespace
}  // namespace sg::test
