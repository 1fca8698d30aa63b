// When the gateway hands over what was submitted.
#include "actors/gateway/transport/gathering.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using sg::actors::Gathering;
using sg::ledger::SteadyTime;
using sg::ledger::Submission;

namespace {

constexpr SteadyTime kStart{};
constexpr auto kMoment = 1us;

class Silent final : public Submission {
 public:
  explicit Silent(std::size_t items) {
    operation = sg::ledger::TransferBatch{std::vector<sg::ledger::Transfer>(items)};
  }

 private:
  void on_answered() override {}
};

void add(Gathering& gathering, std::size_t items, SteadyTime now = kStart) {
  gathering.add(std::make_shared<Silent>(items), now);
}

}  // namespace

TEST_CASE("What is submitted is handed over at once when nobody was answered") {
  Gathering gathering;
  add(gathering, 1);
  CHECK_FALSE(gathering.is_full());
  CHECK(gathering.is_due(kStart));
  CHECK(gathering.take().size() == 1);
  CHECK(gathering.empty());
}

TEST_CASE("Those that were answered are awaited, for as long as one of them calls soon") {
  Gathering gathering;
  for (int i = 0; i < 3; ++i) gathering.answered();
  add(gathering, 1);
  CHECK_FALSE(gathering.is_due(kStart));
  CHECK_FALSE(gathering.is_due(kStart + Gathering::kLinger - kMoment));
  CHECK(gathering.is_due(kStart + Gathering::kLinger));
  const auto later = kStart + Gathering::kLinger - kMoment;
  add(gathering, 1, later);
  CHECK_FALSE(gathering.is_due(kStart + Gathering::kLinger));
  CHECK(gathering.is_due(later + Gathering::kLinger));
  add(gathering, 1, later);
  CHECK(gathering.is_due(later));
  CHECK(gathering.take().size() == 3);
  add(gathering, 1, later);
  CHECK(gathering.is_due(later));
}

TEST_CASE("The first waits a bounded time, though others come again and again") {
  Gathering gathering;
  for (int i = 0; i < 1'000; ++i) gathering.answered();
  const auto step = Gathering::kLinger / 2;
  auto now = kStart;
  for (; now < kStart + Gathering::kLongestLinger; now += step) {
    add(gathering, 1, now);
    REQUIRE_FALSE(gathering.is_due(now));
  }
  CHECK(gathering.is_due(kStart + Gathering::kLongestLinger));
}

TEST_CASE("Events of others do not delay what was submitted without end") {
  Gathering gathering;
  for (int i = 0; i < 10 * Gathering::kEvents; ++i) gathering.event();
  CHECK_FALSE(gathering.is_full());
  add(gathering, 1);
  for (int i = 0; i < Gathering::kEvents; ++i) {
    REQUIRE_FALSE(gathering.is_full());
    gathering.event();
  }
  CHECK(gathering.is_full());
  gathering.take();
  CHECK_FALSE(gathering.is_full());
}

TEST_CASE("Many transfers are handed over before the queue is empty") {
  Gathering gathering;
  add(gathering, Gathering::kTransfers - 1);
  CHECK_FALSE(gathering.is_full());
  add(gathering, 1);
  CHECK(gathering.is_full());
  gathering.take();
  CHECK_FALSE(gathering.is_full());
}
