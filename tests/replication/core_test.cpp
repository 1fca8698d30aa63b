// The wrapper around the engine: what it refuses, and how failures come out of it.
#include <catch2/catch.hpp>

#include "replication/raft_core.hpp"

using namespace sg::replication;

namespace {

struct DiskError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A log in memory that can be made unreadable.
class TestLog final : public RaftLog {
 public:
  std::vector<Entry> entries_of_log;
  bool is_readable = true;

  Index first_index() const override { return 1; }
  Index last_index() const override { return entries_of_log.size(); }
  Term term(Index index) const override {
    check();
    return index == 0 ? 0 : entries_of_log.at(index - 1).term;
  }
  std::vector<Entry> entries(Index low, Index high, std::uint64_t, bool) const override {
    check();
    return {entries_of_log.begin() + static_cast<std::ptrdiff_t>(low) - 1,
            entries_of_log.begin() + static_cast<std::ptrdiff_t>(high) - 1};
  }

 private:
  void check() const {
    if (!is_readable) throw DiskError("the disk is broken");
  }
};

const Membership kAlone{.voters = {1}};
const Membership kThree{.voters = {1, 2, 3}};

// Does all that the core wants, with a disk that is done at once. Returns what was committed.
std::vector<Entry> settle(RaftCore& core, TestLog& log) {
  std::vector<Entry> committed;
  while (core.has_ready()) {
    const Ready ready = core.take_ready();
    for (const Entry& entry : ready.entries) {
      log.entries_of_log.resize(entry.index - 1);
      log.entries_of_log.push_back(entry);
    }
    core.advance();
    core.persisted(ready.number);
    committed.insert(committed.end(), ready.committed.begin(), ready.committed.end());
    if (!ready.committed.empty()) core.applied(ready.committed.back().index);
  }
  return committed;
}

}  // namespace

TEST_CASE("A group of one elects itself and commits what it is given") {
  TestLog log;
  RaftCore core({.node = 1}, log, {}, kAlone);
  core.campaign();
  const auto first = settle(core, log);
  REQUIRE(core.status().leads());
  REQUIRE(first.size() == 1);
  CHECK(first[0].data.empty());
  const std::vector<Proposal> data{{"a", {}}, {std::string("\0b", 2), {}}, {"", {}}};
  REQUIRE(core.propose(core.status().term, 2, data));
  const auto committed = settle(core, log);
  REQUIRE(committed.size() == 3);
  CHECK(committed[1].data == data[1].data);
  CHECK(committed[2].index == 4);
  CHECK_FALSE(core.propose(core.status().term, 5, {}));
  core.read_index("r");
  const Ready ready = core.take_ready();
  REQUIRE(ready.reads.size() == 1);
  CHECK(ready.reads[0].index == 4);
  CHECK(ready.reads[0].context == "r");
}

TEST_CASE("What the log throws comes out of the core, which then is of no more use") {
  TestLog log;
  log.entries_of_log = {{1, 1, EntryKind::data, "a", {}}, {2, 1, EntryKind::data, "b", {}}};
  RaftCore core({.node = 1}, log, {.term = 1, .vote = 1, .commit = 1}, kAlone);
  log.is_readable = false;
  CHECK_THROWS_AS(core.campaign(), DiskError);
  log.is_readable = true;
  CHECK_THROWS_AS(core.tick(), RaftFailure);
}

TEST_CASE("A state that does not fit its log is refused with what is wrong") {
  const TestLog log;
  CHECK_THROWS_WITH(RaftCore({.node = 1}, log, {.term = 1, .vote = 0, .commit = 9}, kThree),
                    Catch::Contains("cannot start"));
  CHECK_THROWS_AS(RaftCore({.node = 0}, log, {}, kThree), RaftFailure);
  CHECK_THROWS_WITH(
      RaftCore({.node = 1, .election_ticks = 1, .heartbeat_ticks = 1}, log, {}, kThree),
      Catch::Contains("election tick"));
}

TEST_CASE("Messages that no member sends are not taken") {
  TestLog log;
  RaftCore core({.node = 1}, log, {}, kThree);
  // To itself, proposals, snapshots, and kinds that there are not.
  for (const int kind : {0, 1, 2, 7, 10, 11, 12, 19, 255}) {
    CAPTURE(kind);
    CHECK_FALSE(core.step({.kind = static_cast<MessageKind>(kind), .to = 1, .from = 2}));
  }
  CHECK_FALSE(core.step({.kind = MessageKind::append_response, .to = 1, .from = 9}));
  CHECK_FALSE(core.step({.kind = MessageKind::append,
                         .to = 1,
                         .from = 2,
                         .term = 1,
                         .entries = {{1, 1, static_cast<EntryKind>(9), "x", {}}}}));
  // Without a term they would count as this member's own, and erase its vote.
  CHECK_FALSE(core.step({.kind = MessageKind::append, .to = 1, .from = 2}));
  CHECK_FALSE(core.step({.kind = MessageKind::heartbeat, .to = 1, .from = 2}));
  CHECK_FALSE(core.step({.kind = MessageKind::read_index, .to = 1, .from = 2}));
  CHECK(core.step({.kind = MessageKind::append, .to = 1, .from = 2, .term = 1}));
}

TEST_CASE("A change of the membership that makes no sense ends the core") {
  TestLog log;
  RaftCore core({.node = 1}, log, {}, kAlone);
  CHECK_THROWS_AS(core.apply_changes({1, 1, EntryKind::changes, "no protobuf \xFF", {}}),
                  RaftFailure);
}

TEST_CASE("The same calls lead to the same state") {
  const auto trace = [] {
    TestLog log;
    RaftCore core({.node = 1}, log, {}, kThree);
    core.set_election_timeout(13);
    std::vector<std::uint64_t> states;
    for (int i = 0; i < 100; ++i) {
      core.tick();
      (void)settle(core, log);
      const auto status = core.status();
      states.push_back(status.term * 1000 + status.election_timeout);
      states.push_back(static_cast<std::uint64_t>(status.role));
    }
    return states;
  };
  CHECK(trace() == trace());
}

TEST_CASE("A member without elections calls none") {
  TestLog log;
  RaftCore core({.node = 1}, log, {}, kThree);
  core.set_election_timeout(RaftCore::kNoElections);
  for (int i = 0; i < 10'000; ++i) core.tick();
  CHECK(core.status().role == Role::follower);
}
