// Ten times as many clients as the server takes calls. The figures are printed by
//
//   build/release/bin/overload_tests "[figures]"
#include <absl/synchronization/mutex.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>

#include "tests/overload/crowd.hpp"
#include "tests/overload/witness.hpp"
#include "tests/support/running_ledger.hpp"
#include "tests/support/temp_directory.hpp"

using namespace sg;
using namespace sg::test;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t kCapacity = 64;  // calls in flight
constexpr std::size_t kCrowding = 10;

// Server and clients are one process, so this bounds both: about 8 KiB for each client's call.
constexpr std::size_t kGrowthBytes = 256 << 20;

struct Ledger {
  explicit Ledger(std::size_t capacity)
      : running(settings(capacity), store_in(directory.path() / "store")) {
    // As the daemon does: it would take a tenth of the time.
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    for (int i = 0; i < kCrowdAccounts; ++i) {
      REQUIRE(told(running.client.create_account(crowd_account(i), 1'000'000'000)) == "OK");
    }
  }
  // On a disk, whose syncs are a part of the capacity.
  static std::shared_ptr<persistence::Store> store_in(const std::filesystem::path& path) {
    auto store = persistence::open_store(path, {});
    REQUIRE(store.has_value());
    return std::move(*store);
  }
  static config::Settings settings(std::size_t capacity) {
    auto settings = ledger_settings();
    settings.server.max_in_flight = capacity;
    return settings;
  }
  void verify() {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    const auto reader = running.client.stub<AdminStub>().Verify(&context, {});
    wire::VerifyResponse last;
    for (wire::VerifyResponse response; reader->Read(&response);) last = response;
    CHECK(told(reader->Finish()) == "OK");
    CHECK(last.done());
    CHECK(last.problems_size() == 0);
  }
  int port() const { return running.tree.port(); }

  TempDirectory directory;
  RunningLedger running;
};

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t size = 0;
  std::size_t resident = 0;
  statm >> size >> resident;
  return resident * 4096;
}

double percentile(const std::vector<double>& sorted, std::size_t percent) {
  return sorted.empty() ? 0 : sorted[sorted.size() * percent / 100];
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

// Loose: what must hold on a machine that others use as well.
TEST_CASE("Ten times the clients are refused soon, and what is taken goes on") {
  constexpr std::size_t kFew = 32;
  // Many times a refused client's pause, however fast the machine: who was refused comes again.
  constexpr std::uint64_t kTransfers = 20'000;
  Ledger ledger(kFew);
  std::vector<double> ratios;
  for (int pair = 0; pair < 3; ++pair) {
    const auto at_capacity = Crowd(ledger.port(), kFew, milliseconds{100}).run(kTransfers);
    CHECK(at_capacity.first_other.empty());
    const auto before = resident_bytes();
    const auto crowded = Crowd(ledger.port(), kFew * kCrowding, milliseconds{100}).run(kTransfers);
    CHECK(crowded.first_other.empty());
    CHECK(crowded.refused > 0);
    CHECK(percentile(crowded.refusals_ms, 50) < 1'000);
    CHECK(resident_bytes() < before + kGrowthBytes);
    ratios.push_back(crowded.accepted_per_second / at_capacity.accepted_per_second);
  }
  CHECK(median(ratios) > 0.2);
  // The places of all calls are free again.
  CHECK(told(ledger.running.client.credit(crowd_account(0), 1)) == "OK");
  ledger.verify();
}

TEST_CASE("Figures: transfers that are taken among ten times the clients", "[.figures]") {
  constexpr std::uint64_t kTransfers = 40'000;
  Ledger ledger(kCapacity);
  for (const auto pause : {milliseconds{1'000}, milliseconds{0}}) {
    std::vector<double> ratios;
    std::vector<double> p50;
    std::vector<double> p99;
    for (int pair = 0; pair < 7; ++pair) {
      const auto peak = Crowd(ledger.port(), kCapacity, pause).run(kTransfers);
      const auto before = resident_bytes();
      Witness witness(ledger.port());
      const auto crowded = Crowd(ledger.port(), kCapacity * kCrowding, pause).run(kTransfers);
      witness.stop();
      const auto grown = resident_bytes() - std::min(before, resident_bytes());
      CHECK(peak.others + crowded.others == 0);
      CHECK(grown < kGrowthBytes);
      ratios.push_back(crowded.accepted_per_second / peak.accepted_per_second);
      p50.push_back(percentile(crowded.refusals_ms, 50));
      p99.push_back(percentile(crowded.refusals_ms, 99));
      std::printf(
          "pause %4lld ms: %6.0f of %6.0f transfers/s, %.2f; %7zu refused, p50 %.1f ms, p99 %.1f "
          "ms; witness: %zu refused, p50 %.1f ms, p99 %.1f ms, %zu taken, p50 %.1f ms; %zu MiB "
          "more\n",
          static_cast<long long>(pause.count()), crowded.accepted_per_second,
          peak.accepted_per_second, ratios.back(), crowded.refusals_ms.size(), p50.back(),
          p99.back(), witness.refused_ms.size(), percentile(witness.refused_ms, 50),
          percentile(witness.refused_ms, 99), witness.accepted_ms.size(),
          percentile(witness.accepted_ms, 50), grown >> 20);
      std::fflush(stdout);
    }
    std::printf("pause %4lld ms: median %.2f, refusals p50 %.1f ms, p99 %.1f ms\n",
                static_cast<long long>(pause.count()), median(ratios), median(p50), median(p99));
  }
  ledger.verify();
}
