// An exception while the gateway, or the coordinator, handles a request: that request is answered
// and counted, and the gateway's thread, which all clients share, goes on.
#include <atomic>
#include <catch2/catch.hpp>
#include <stdexcept>

#include "faults/fault_injection.hpp"
#include "tests/faults/faulty_ledger.hpp"
#include "tests/support/ledger_client.hpp"

using namespace sg;
using namespace sg::test;

namespace {

constexpr std::size_t kManyRestarts = 10'000;

// The gateway, or who passes that point, fails at the next request, and at no other.
class OneFailure {
 public:
  explicit OneFailure(faults::Point at = faults::Point::gateway_before_submit) {
    faults::set_handler([this, at](faults::Point point) {
      if (point == at && armed_.exchange(false)) {
        throw std::runtime_error("a failure that the test wants");
      }
    });
  }
  ~OneFailure() { faults::set_handler(nullptr); }
  OneFailure(const OneFailure&) = delete;
  OneFailure& operator=(const OneFailure&) = delete;
  void arm() { armed_ = true; }

 private:
  std::atomic<bool> armed_{false};
};

// Transfers of unknown outcome, by their number of entries.
std::vector<std::uint64_t> unknown_in(const FaultyLedger& ledger) {
  std::vector<std::uint64_t> counts;
  for (const auto& count :
       ledger.metrics().transfers[static_cast<std::size_t>(telemetry::TransferOutcome::unknown)]) {
    counts.push_back(count.value());
  }
  return counts;
}

bool is_internal(const std::string& line) { return line.starts_with("INTERNAL INTERNAL "); }

}  // namespace

// It ended the process: only unary calls had the guard.
TEST_CASE(
    "A stream's request at which the gateway fails is answered INTERNAL, and the stream goes on") {
  OneFailure failure;
  FaultyLedger ledger(kManyRestarts);
  LedgerClient client(ledger.port());
  REQUIRE(told(client.create_account("a", 5)) == "OK");
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  const auto stream = client.stub<LedgerStub>().StreamTransfers(&context);
  const auto request = batch_of({transfer_of({{"a", -1}})});
  wire::TransferBatchResponse response;
  failure.arm();
  REQUIRE(stream->Write(request));
  REQUIRE(stream->Read(&response));
  CHECK(is_internal(told(response.error())));
  REQUIRE(stream->Write(request));
  REQUIRE(stream->Read(&response));
  CHECK_FALSE(response.has_error());
  stream->WritesDone();
  CHECK(stream->Finish().ok());
  CHECK(client.balance("a") == 4);
}

TEST_CASE("A unary call at which the gateway fails is answered INTERNAL, and the next one served") {
  OneFailure failure;
  FaultyLedger ledger(kManyRestarts);
  LedgerClient client(ledger.port());
  REQUIRE(told(client.create_account("a", 5)) == "OK");
  failure.arm();
  CHECK(is_internal(told(client.debit("a", 1))));
  failure.arm();
  CHECK(is_internal(told(client.batch({transfer_of({{"a", -1}})}))));
  CHECK(told(client.debit("a", 1)) == "OK");
  CHECK(client.balance("a") == 4);
}

TEST_CASE("Transfers that are lost with the coordinator are told and counted as unknown") {
  OneFailure failure(faults::Point::coordinator_before_locks);
  FaultyLedger ledger(kManyRestarts);
  LedgerClient client(ledger.port());
  for (const auto* id : {"a", "b", "c"}) REQUIRE(told(client.create_account(id, 5)) == "OK");
  CHECK(unknown_in(ledger) == std::vector<std::uint64_t>{0, 0, 0, 0});
  ledger.await_restart("coordinator", [&] {
    failure.arm();
    CHECK(told(client.debit("a", 1)).ends_with(" outcome=unknown"));
  });
  CHECK(unknown_in(ledger) == std::vector<std::uint64_t>{1, 0, 0, 0});
  ledger.await_restart("coordinator", [&] {
    failure.arm();
    // The second is refused before the coordinator sees it.
    const auto lost = client.batch({transfer_of({{"a", -1}, {"b", 1}}), transfer_of({}),
                                    transfer_of({{"a", -2}, {"b", 1}, {"c", 1}})});
    CHECK(told(lost).ends_with(" outcome=unknown"));
  });
  CHECK(unknown_in(ledger) == std::vector<std::uint64_t>{1, 1, 1, 0});
  CHECK(client.balance("a") == 5);
}
