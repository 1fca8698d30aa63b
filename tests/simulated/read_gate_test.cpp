// When a query may be answered on a node of a cluster.
#include "actors/queries/read_gate.hpp"

#include <catch2/catch.hpp>

#include "tests/simulated/simulation.hpp"

using namespace sg;
using namespace sg::test;
using namespace std::chrono_literals;

namespace {

const ledger::SteadyTime kStart{};

TestQueryPtr query(Freshness freshness = LinearizableRead{}) {
  auto made = std::make_shared<TestQuery>();
  made->freshness = freshness;
  return made;
}

}  // namespace

TEST_CASE("A query waits for a round that begins after it came", "[read_gate]") {
  ReadGate gate;
  CHECK_FALSE(gate.begin(kStart).has_value());
  const auto first = query();
  const auto second = query();
  CHECK_FALSE(gate.admit(first, kStart));
  const auto round = gate.begin(kStart);
  REQUIRE(round.has_value());
  CHECK_FALSE(gate.admit(second, kStart));
  CHECK_FALSE(gate.begin(kStart).has_value());
  CHECK(gate.round_ended(*round + 1).empty());
  CHECK(gate.round_ended(*round) == std::vector<QueryPtr>{first});
  CHECK(gate.round_ended(*round).empty());
  const auto next = gate.begin(kStart);
  REQUIRE(next.has_value());
  CHECK(gate.round_ended(*next) == std::vector<QueryPtr>{second});
  CHECK_FALSE(gate.anyone_waits());
}

TEST_CASE("A round that is lost begins anew", "[read_gate]") {
  ReadGate gate;
  const auto asked = query();
  (void)gate.admit(asked, kStart);
  const auto lost = gate.begin(kStart);
  gate.round_lost();
  const auto next = gate.begin(kStart);
  REQUIRE(next.has_value());
  CHECK(gate.round_ended(*lost).empty());
  CHECK(gate.round_ended(*next) == std::vector<QueryPtr>{asked});
}

TEST_CASE("Staleness counts from the start of the last round", "[read_gate]") {
  ReadGate gate;
  const auto stale = query(StaleRead{100ms});
  CHECK_FALSE(gate.admit(stale, kStart));  // nothing is known of this node's state yet
  const auto round = gate.begin(kStart + 10ms);
  (void)gate.round_ended(*round);
  CHECK(gate.admit(query(StaleRead{100ms}), kStart + 110ms));
  CHECK_FALSE(gate.admit(query(StaleRead{100ms}), kStart + 111ms));
  CHECK_FALSE(gate.admit(query(), kStart + 10ms));
}

TEST_CASE("A query whose caller has gone does not wait", "[read_gate]") {
  ReadGate gate;
  const auto gone = query();
  (void)gate.admit(gone, kStart);
  gone->cancelled = true;
  gate.drop_cancelled();
  CHECK(gone->answered());
  CHECK_FALSE(gate.anyone_waits());
}
