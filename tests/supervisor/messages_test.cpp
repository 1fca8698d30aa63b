#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include "supervisor/errors.hpp"
#include "test_bed.hpp"

using namespace sg::supervisor;

namespace {

// What another node would get.
template <class T>
T round_trip(caf::actor_system& system, T value) {
  caf::message sent = caf::make_message(std::move(value));
  std::vector<char> bytes;
  caf::binary_serializer sink{system, bytes};
  REQUIRE_FALSE(sink(sent));
  caf::message received;
  caf::binary_deserializer source{system, bytes};
  REQUIRE_FALSE(source(received));
  REQUIRE(received.match_elements<T>());
  return received.get_as<T>(0);
}

}  // namespace

TEST_CASE("Every message type survives a round trip through bytes") {
  test::TestBed bed;
  auto& system = bed.system;
  round_trip(system, Init{});
  round_trip(system, Ready{});
  round_trip(system, Ignore{});
  round_trip(system, WhichChildren{});
  round_trip(system, CountChildren{});
  round_trip(system, GetTree{});
  CHECK_FALSE(round_trip(system, Subscribe{}).subscriber);
  CHECK_FALSE(round_trip(system, Unsubscribe{}).subscriber);

  auto up = round_trip(system, ChildUp{"root", "journal", 3, {}});
  CHECK((up.supervisor == "root" && up.id == "journal" && up.incarnation == 3));
  auto down = round_trip(system, ChildDown{"root", "journal", 3, Errc::shutdown});
  CHECK((down.id == "journal" && down.incarnation == 3 && down.reason == Errc::shutdown));

  auto list = round_trip(
      system,
      ChildList{{{"a", {}, ChildState::restarting, ChildType::supervisor, Restart::transient}}});
  REQUIRE(list.children.size() == 1);
  CHECK(list.children[0].state == ChildState::restarting);
  CHECK(list.children[0].restart == Restart::transient);
  auto counts = round_trip(system, ChildCounts{4, 3, 2, 1});
  CHECK((counts.specs == 4 && counts.active == 3 && counts.supervisors == 2));

  TreeNode leaf{.id = "leaf", .state = ChildState::running, .last_exit = "kill", .uptime_ms = 12};
  auto tree = round_trip(system, TreeNode{.id = "root", .children = {leaf}});
  REQUIRE(tree.children.size() == 1);
  CHECK(tree.children[0].last_exit == "kill");
  CHECK(tree.children[0].uptime_ms == 12);
}
