// An exception while the gateway handles a request: that request is answered, and the gateway's
// thread, which all clients share, goes on.
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

// The gateway fails at the next request, and at no other.
class OneFailure {
 public:
  OneFailure() {
    faults::set_handler([this](faults::Point point) {
      if (point == faults::Point::gateway_before_submit && armed_.exchange(false)) {
        throw std::runtime_error("a failure of the gateway");
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
