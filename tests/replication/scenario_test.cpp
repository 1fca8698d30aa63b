// The situations that the safety of Raft is known to hang on, one by one.
#include <catch2/catch.hpp>

#include "tests/replication/group.hpp"

using namespace sg::replication;
using namespace sg::test;

namespace {

Index last_index(const Member& member) { return member.replica().log().last_index(); }

Term last_term(const Member& member) { return member.replica().log().term(last_index(member)); }

// All members have applied `data`.
bool is_everywhere(Group& group, const std::string& data) {
  return group.run_until([&] {
    if (!group.truth().is_committed(data)) return false;
    for (const auto& member : group.members()) {
      if (member->applied() < group.truth().committed()) return false;
    }
    return true;
  });
}

void check_truth(Group& group) {
  const auto& breaches = group.truth().breaches();
  INFO((breaches.empty() ? std::string() : breaches.front()));
  CHECK(breaches.empty());
}

}  // namespace

TEST_CASE("A proposal names its place, and is refused anywhere else") {
  Group group(3, 1);
  REQUIRE(group.elect(1));
  REQUIRE(group.run_until([&] { return group.member(1).applied() == 1; }));
  auto& leader = group.member(1).replica();
  const auto term = leader.status().term;
  const std::vector<Proposal> data{{"a", body_of("a")}};
  CHECK_FALSE(leader.propose(term, 3, data));
  CHECK_FALSE(leader.propose(term, 1, data));
  CHECK_FALSE(leader.propose(term - 1, 2, data));
  CHECK_FALSE(leader.propose(term + 1, 2, data));
  CHECK_FALSE(group.member(2).replica().propose(term, 2, data));
  CHECK(last_index(group.member(1)) == 1);
  CHECK(leader.propose(term, 2, data));
  CHECK_FALSE(leader.propose(term, 2, data));
  CHECK(is_everywhere(group, "a"));
  check_truth(group);
}

// PreVote. Without it the member would come back with a higher term, and depose the leader.
TEST_CASE("A member that was cut off does not disturb the others when it is back") {
  Group group(3, 2);
  REQUIRE(group.elect(1));
  const auto term = group.member(1).replica().status().term;
  group.connect_only({1, 2});
  group.run(500);
  CHECK(group.member(3).replica().status().role == Role::pre_candidate);
  CHECK(group.member(3).replica().status().term == term);
  group.heal();
  REQUIRE(group.member(1).propose("a"));
  CHECK(is_everywhere(group, "a"));
  CHECK(group.member(1).leads());
  CHECK(group.member(1).replica().status().term == term);
  check_truth(group);
}

// CheckQuorum.
TEST_CASE(
    "A leader that reaches no majority gives up its office, and nothing of it was committed") {
  Group group(5, 3);
  REQUIRE(group.elect(1));
  group.run(20);
  group.connect_only({3, 4, 5});
  CHECK(group.member(1).propose("lost"));
  REQUIRE(group.run_until([&] { return !group.member(1).leads(); }));
  REQUIRE(group.run_until([&] { return group.leader() != nullptr; }));
  CHECK(group.leader()->propose("kept"));
  group.heal();
  CHECK(is_everywhere(group, "kept"));
  CHECK_FALSE(group.truth().is_committed("lost"));
  check_truth(group);
}

// Figure 8 of the Raft paper: an entry of an older term that is on a majority is not committed by
// that alone. A leader that took it for committed would lose it again here, in step (d).
TEST_CASE("Figure 8: an entry of an older term is not committed by counting its copies") {
  Group group(5, 4);
  // (a) S1 leads in term 2 of the figure, and its entry reaches S2 only.
  REQUIRE(group.elect(1));
  REQUIRE(group.run_until([&] { return group.member(5).applied() == 1; }));
  group.connect_only({1, 2});
  REQUIRE(group.member(1).propose("two"));
  REQUIRE(group.run_until([&] { return last_index(group.member(2)) == 2; }));
  const auto term_two = last_term(group.member(2));
  // (b) S1 crashes; S5 leads in term 3, by the votes of S3 and S4, and keeps an entry to itself.
  group.member(1).crash();
  group.heal();
  group.connect_only({3, 4, 5});
  REQUIRE(group.elect(5));
  group.connect_only({});
  REQUIRE(group.member(5).propose("three"));
  group.run(10);
  const auto term_three = last_term(group.member(5));
  CHECK(term_three > term_two);
  // (c) S5 crashes; S1 leads again, in term 4. "two" reaches S3, and so a majority. The first entry
  // of term 4 stays with S1: nothing that S1 sends after it becomes leader arrives but "two".
  group.member(5).crash();
  group.member(1).start();
  group.heal();
  REQUIRE(group.elect(1));
  const auto term_four = group.member(1).replica().status().term;
  CHECK(term_four > term_three);
  // S2 and S3 have "two" before they have anything of term 4.
  const bool is_on_majority = group.run_until(
      [&] { return last_index(group.member(3)) >= 2 && last_index(group.member(2)) >= 2; }, 50);
  CHECK(is_on_majority);
  // Whatever is committed now was committed with an entry of term 4 on a majority.
  if (group.truth().is_committed("two")) {
    int with_term_four = 0;
    for (const auto& member : group.members()) {
      if (member->is_up() && last_term(*member) == term_four) ++with_term_four;
    }
    CHECK(with_term_four >= 3);
  }
  // (d), (e) S1 crashes, S5 is back. It may lead if nothing of term 4 was on a majority.
  group.member(1).crash();
  group.member(5).start();
  REQUIRE(group.run_until([&] { return group.leader() != nullptr; }));
  REQUIRE(group.run_until([&] { return group.leader() && group.leader()->propose("five"); }));
  group.member(1).start();
  CHECK(is_everywhere(group, "five"));
  check_truth(group);
}

TEST_CASE("A leader that hangs in its sync commits through the others, then hands over") {
  Group group(3, 5);
  REQUIRE(group.elect(1));
  group.run(20);
  group.member(1).hang(true);
  REQUIRE(group.member(1).propose("without its own disk"));
  REQUIRE(group.run_until([&] { return group.truth().is_committed("without its own disk"); }, 50));
  CHECK(group.member(1).leads());
  REQUIRE(group.run_until([&] { return group.leader() && group.leader()->id() != 1; }, 100));
  // It calls no election before a write is done.
  group.member(2).crash();
  group.member(3).crash();
  group.run(300);
  CHECK(group.member(1).replica().status().role == Role::follower);
  group.member(1).hang(false);
  group.member(2).start();
  CHECK(group.elect(1));
  REQUIRE(group.member(1).propose("again"));
  group.member(3).start();
  CHECK(is_everywhere(group, "again"));
  check_truth(group);
}

TEST_CASE("A disk that all members share may be slow without deposing anybody") {
  Group group(3, 6);
  REQUIRE(group.elect(1));
  group.run(20);
  const auto term = group.member(1).replica().status().term;
  for (const auto& member : group.members()) member->hang(true);
  REQUIRE(group.member(1).propose("slow"));
  group.run(300);
  CHECK(group.member(1).leads());
  for (const auto& member : group.members()) member->hang(false);
  CHECK(is_everywhere(group, "slow"));
  CHECK(group.member(1).replica().status().term == term);
  check_truth(group);
}

TEST_CASE("A write that fails ends a leader's term, whether or not it is on disk") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Group group(3, seed);
    REQUIRE(group.elect(1));
    group.run(20);
    const auto term = group.member(1).replica().status().term;
    group.connect_only({});
    group.member(1).fail_next_write();
    REQUIRE(group.member(1).propose("failed"));
    group.run(5);
    CHECK_FALSE(group.member(1).leads());
    CHECK_FALSE(group.member(1).propose("another in its place"));
    group.heal();
    REQUIRE(group.run_until([&] { return group.leader() && group.leader()->propose("after"); }));
    CHECK(group.leader()->replica().status().term > term);
    CHECK(is_everywhere(group, "after"));
    check_truth(group);
  }
}

TEST_CASE("A leader whose disk is full hands over to a member with room") {
  Group group(3, 7);
  REQUIRE(group.elect(1));
  group.run(20);
  group.member(1).set_full(true);
  REQUIRE(group.run_until([&] { return group.leader() && group.leader()->id() != 1; }, 100));
  REQUIRE(group.leader()->propose("elsewhere"));
  REQUIRE(group.run_until([&] { return group.truth().is_committed("elsewhere"); }));
  group.member(1).set_full(false);
  CHECK(is_everywhere(group, "elsewhere"));
  check_truth(group);
}

TEST_CASE("A power failure of all members loses nothing that was committed") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Group group(3, seed);
    group.disk.max_delay = 6;
    REQUIRE(group.elect(1));
    for (int i = 0; i < 30; ++i) {
      (void)group.member(1).propose("value " + std::to_string(i));
      group.tick();
    }
    for (const auto& member : group.members()) member->crash();
    for (const auto& member : group.members()) member->start();
    REQUIRE(group.run_until([&] { return group.leader() && group.leader()->propose("after"); }));
    CHECK(is_everywhere(group, "after"));
    check_truth(group);
  }
}

TEST_CASE("Leadership is handed over without an election timeout") {
  Group group(3, 8);
  REQUIRE(group.elect(1));
  group.run(20);
  REQUIRE(group.member(1).replica().transfer_leadership(3));
  CHECK_FALSE(group.member(1).propose("while it is handed over"));
  CHECK(group.run_until([&] { return group.member(3).leads(); }, 15));
  REQUIRE(group.member(3).propose("a"));
  CHECK(is_everywhere(group, "a"));
  check_truth(group);
}

TEST_CASE("Leadership that nobody takes stays where it is") {
  Group group(3, 9);
  REQUIRE(group.elect(1));
  group.run(20);
  group.cut(1, 3);
  group.cut(3, 1);
  REQUIRE(group.member(1).replica().transfer_leadership(3));
  REQUIRE(group.run_until([&] { return group.member(1).replica().status().transferee == 0; }, 100));
  CHECK(group.member(1).leads());
  CHECK(group.member(1).propose("a"));
  group.heal();
  CHECK(is_everywhere(group, "a"));
  check_truth(group);
}

TEST_CASE("A read is answered on every member, and on none that is cut off") {
  Group group(3, 10);
  REQUIRE(group.elect(1));
  REQUIRE(group.member(1).propose("a"));
  REQUIRE(is_everywhere(group, "a"));
  for (const NodeId id : {1, 2, 3}) {
    REQUIRE(group.member(id).ask_to_read());
    CHECK(group.run_until([&] { return group.member(id).answered_reads() == 1; }, 20));
  }
  // The old leader still thinks that it leads, while another one has committed more.
  group.connect_only({2, 3});
  REQUIRE(group.run_until([&] { return group.leader() && group.leader()->id() != 1; }));
  REQUIRE(group.leader()->propose("b"));
  REQUIRE(group.run_until([&] { return group.truth().is_committed("b"); }));
  REQUIRE(group.member(1).ask_to_read());
  group.run(200);
  CHECK(group.member(1).answered_reads() == 1);
  check_truth(group);
}

TEST_CASE("Members are added, promoted, replaced and removed") {
  Group group(3, 11);
  REQUIRE(group.elect(1));
  REQUIRE(group.member(1).propose("before"));
  REQUIRE(is_everywhere(group, "before"));
  // A learner gets the log and has no vote.
  const NodeId fourth = group.add_member().id();
  REQUIRE(group.member(1).propose_changes({{MemberChange::Kind::add_learner, fourth}}));
  CHECK_FALSE(group.member(1).propose_changes({{MemberChange::Kind::remove, 2}}));
  REQUIRE(group.run_until([&] { return group.member(fourth).applied() >= 3; }));
  CHECK(group.member(1).membership().learners == std::vector<NodeId>{fourth});
  // Two changes at once go through a joint membership, which is left by a proposal of its own.
  REQUIRE(group.member(1).propose_changes(
      {{MemberChange::Kind::add_voter, fourth}, {MemberChange::Kind::remove, 3}}));
  REQUIRE(group.run_until([&] { return group.member(1).membership().is_joint(); }));
  CHECK_FALSE(group.member(1).propose_changes({{MemberChange::Kind::remove, 2}}));
  REQUIRE(group.run_until([&] { return group.member(1).propose_changes({}); }));
  REQUIRE(group.run_until([&] { return !group.member(1).membership().is_joint(); }));
  CHECK(group.member(1).membership().voters == std::vector<NodeId>{1, 2, fourth});
  // Without the member that was removed, two of the three are a majority.
  group.connect_only({1, fourth});
  REQUIRE(group.member(1).propose("after"));
  CHECK(group.run_until([&] { return group.truth().is_committed("after"); }));
  check_truth(group);
}

TEST_CASE("A leader that removes itself commits that, and another one takes over") {
  Group group(3, 12);
  REQUIRE(group.elect(1));
  group.run(20);
  REQUIRE(group.member(1).propose_changes({{MemberChange::Kind::remove, 1}}));
  REQUIRE(group.run_until([&] {
    return group.leader() && group.leader()->id() != 1 &&
           group.leader()->membership().voters == std::vector<NodeId>{2, 3};
  }));
  REQUIRE(group.leader()->propose("a"));
  CHECK(group.run_until([&] { return group.truth().is_committed("a"); }));
  check_truth(group);
}

// Once it is committed it would end every member, again after each start.
TEST_CASE("A change that leaves no voter, or makes no sense, is not proposed") {
  Group group(1, 13);
  REQUIRE(group.elect(1));
  REQUIRE(group.run_until([&] { return group.member(1).applied() == 1; }));
  using Kind = MemberChange::Kind;
  CHECK_FALSE(group.member(1).propose_changes({{Kind::remove, 1}}));
  CHECK_FALSE(group.member(1).propose_changes({{Kind::add_learner, 1}}));
  CHECK_FALSE(group.member(1).propose_changes({{Kind::remove, 1}, {Kind::add_learner, 2}}));
  CHECK_FALSE(group.member(1).propose_changes({}));
  CHECK_FALSE(group.member(1).propose_changes({{Kind::add_voter, 0}}));
  CHECK(group.member(1).propose("a"));
  CHECK(is_everywhere(group, "a"));
  check_truth(group);
}

// A sole voter leads at once. What it sends must not show a term that it could forget.
TEST_CASE("A sole voter sends nothing of a term that is not durable") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    Group group(1, seed);
    REQUIRE(group.elect(1));
    const NodeId learner = group.add_member().id();
    REQUIRE(group.run_until([&] {
      return group.member(1).propose_changes({{MemberChange::Kind::add_learner, learner}});
    }));
    REQUIRE(group.run_until([&] { return group.member(learner).applied() >= 2; }));
    // Its disk is slow in the term that it begins now, and it crashes before the first write.
    group.member(1).crash();
    group.member(1).start();
    group.member(1).hang(true);
    group.run(60);
    group.member(1).propose("X");
    group.run(10);
    group.member(1).crash();
    group.member(1).start();
    REQUIRE(group.run_until([&] { return group.leader() && group.leader()->propose("Y"); }));
    CHECK(is_everywhere(group, "Y"));
    check_truth(group);
  }
}
