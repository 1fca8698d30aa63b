// Each named point of the commit path, of what is derived, and of recovery: an actor fails there,
// in the middle of a handler, on real threads and a real disk, under load.
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "faults/fault_injection.hpp"
#include "tests/faults/audit.hpp"
#include "tests/faults/faulty_ledger.hpp"
#include "tests/faults/load.hpp"

using namespace sg;
using namespace sg::test;
using faults::Point;

namespace {

constexpr std::chrono::seconds kPatience{30};
constexpr int kClients = 6;
constexpr std::uint64_t kAnswers = 5;  // of each client, between two faults
constexpr std::size_t kManyRestarts = 10'000;
// Of the passes of a point: the first that is met, and one amid others.
constexpr std::array<int, 2> kPasses{1, 4};

// Throws at one pass of one point.
class Trap {
 public:
  Trap() {
    faults::set_handler([this](Point point) { pass(point); });
  }
  ~Trap() { faults::set_handler(nullptr); }
  Trap(const Trap&) = delete;
  Trap& operator=(const Trap&) = delete;

  void set(Point point, int passes) {
    const std::lock_guard lock(mutex_);
    passes_ = passes;
    point_ = point;
  }
  bool await_sprung() {
    std::unique_lock lock(mutex_);
    return sprung_.wait_for(lock, kPatience, [this] { return passes_ == 0; });
  }

 private:
  void pass(Point point) {
    if (point_.load(std::memory_order_relaxed) != point) return;
    {
      const std::lock_guard lock(mutex_);
      // The trap may have been set elsewhere meanwhile.
      if (point_ != point || passes_ == 0 || --passes_ > 0) return;
    }
    sprung_.notify_all();
    throw std::runtime_error("a crash at " + std::string(to_string(point)));
  }

  std::mutex mutex_;
  std::condition_variable sprung_;
  std::atomic<Point> point_{};
  int passes_ = 0;
};

// Points that are passed when an actor starts: which one has to end first. Empty: under load.
std::string start_of(Point point) {
  switch (point) {
    case Point::coordinator_before_fence:
      return "coordinator";
    case Point::opening_before_repair:
    case Point::opening_before_mark:
    case Point::journal_before_load:
      return "journal";
    case Point::shard_before_attach:
    case Point::shard_before_load:
      return "account_shard/0";
    default:
      return {};
  }
}

}  // namespace

TEST_CASE("Wherever an actor fails under load, each transfer has its one effect and one answer") {
  Trap trap;
  FaultyLedger ledger(kManyRestarts);
  LedgerClient client(ledger.port());
  open_accounts(client);
  Load load(ledger.port(), kClients);
  REQUIRE(load.await_progress(kAnswers));
  for (std::size_t i = 0; i < faults::kPointsOfOneNode; ++i) {
    const auto point = static_cast<Point>(i);
    const auto starts = start_of(point);
    for (const int passes : kPasses) {
      // One start passes it once.
      if (!starts.empty() && passes > 1) continue;
      CAPTURE(to_string(point), passes);
      trap.set(point, passes);
      if (!starts.empty()) ledger.fail(starts, Fault::kill);
      REQUIRE(trap.await_sprung());
      REQUIRE(load.await_progress(kAnswers));
    }
  }
  audit(ledger, load.finish());
}
