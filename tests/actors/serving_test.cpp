// What the server is to its connections: health, reflection, limits, ports.
#include <catch2/catch.hpp>
#include <future>

#include "tests/support/held_store.hpp"
#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

namespace {

using Health = grpc::health::v1::HealthCheckResponse;

Answer<Health> health_of(LedgerClient& client, const std::string& service) {
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(service);
  return client.ask(&HealthStub::Check, request);
}

// A watch of one service's health.
class HealthWatch {
 public:
  HealthWatch(LedgerClient& client, const std::string& service) {
    context_.set_deadline(std::chrono::system_clock::now() + kPatience);
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    reader_ = client.stub<HealthStub>().Watch(&context_, request);
  }
  Health::ServingStatus next() {
    Health health;
    REQUIRE(reader_->Read(&health));
    return health.status();
  }
  void await(Health::ServingStatus status) {
    while (next() != status) {
    }
  }
  grpc::Status end() {
    Health health;
    while (reader_->Read(&health)) {
    }
    return reader_->Finish();
  }
  void cancel() { context_.TryCancel(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<Health>> reader_;
};

}  // namespace

TEST_CASE("The server and each of its shards tell that they serve") {
  RunningLedger ledger;
  for (const char* service : {"", "shard/0", "shard/1", "shard/2"}) {
    CAPTURE(service);
    HealthWatch watch(ledger.client, service);
    watch.await(Health::SERVING);
    const auto answer = health_of(ledger.client, service);
    CHECK(answer.ok());
    CHECK(answer.body.status() == Health::SERVING);
  }
}

TEST_CASE("The health of a service that does not exist is NOT_FOUND") {
  RunningLedger ledger;
  for (const char* service : {"shard/3", "shard/", "scalegraph.ledger.LedgerService", "x"}) {
    CAPTURE(service);
    CHECK(health_of(ledger.client, service).status.error_code() == grpc::StatusCode::NOT_FOUND);
  }
  // A watch of it stays open: the protocol says so.
  HealthWatch watch(ledger.client, "x");
  CHECK(watch.next() == Health::SERVICE_UNKNOWN);
  watch.cancel();
  CHECK(watch.end().error_code() == grpc::StatusCode::CANCELLED);
}

TEST_CASE("A watch is told the status at once, and that the journal is away and back") {
  const auto store = std::make_shared<HeldStore>(memory_store());
  RunningLedger ledger(ledger_settings(), store);
  HealthWatch whole(ledger.client, "");
  CHECK(whole.next() == Health::SERVING);
  HealthWatch shard(ledger.client, "shard/1");
  shard.await(Health::SERVING);
  // Its successor cannot open the store yet.
  auto hold = store->hold();
  ledger.tree.kill_child("journal");
  CHECK(whole.next() == Health::NOT_SERVING);
  shard.await(Health::NOT_SERVING);
  CHECK(health_of(ledger.client, "").body.status() == Health::NOT_SERVING);
  // The coordinator may not have heard of it yet: the outcome is none or unknown.
  CHECK_THAT(told(ledger.client.create_account("a")),
             Catch::StartsWith("UNAVAILABLE JOURNAL_UNAVAILABLE"));
  hold.release();
  CHECK(whole.next() == Health::SERVING);
  shard.await(Health::SERVING);
}

// Its queue was shut down while a call that had just been cancelled began to say goodbye: gRPC
// aborts the process for that.
TEST_CASE("A server stops in order while its clients leave") {
  for (int round = 0; round < 20; ++round) {
    RunningLedger ledger;
    std::vector<std::unique_ptr<HealthWatch>> watches;
    for (int i = 0; i < 8; ++i) {
      watches.push_back(std::make_unique<HealthWatch>(ledger.client, ""));
      CHECK(watches.back()->next() == Health::SERVING);
    }
    for (const auto& watch : watches) watch->cancel();
    CHECK(ledger.tree.stop());
  }
}

TEST_CASE("A watch ends when the server stops") {
  RunningLedger ledger;
  HealthWatch watch(ledger.client, "");
  CHECK(watch.next() == Health::SERVING);
  CHECK(ledger.tree.stop());
  CHECK(watch.end().error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("Reflection lists the services") {
  RunningLedger ledger;
  RawStream stream(ledger.client, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");
  // ServerReflectionRequest.list_services is field 7, a string.
  REQUIRE(stream.write(std::string("\x3A\x00", 2)));
  const auto answer = stream.read();
  REQUIRE(answer);
  for (const char* service :
       {"scalegraph.ledger.ParticipantService", "scalegraph.ledger.LedgerService",
        "scalegraph.ledger.AdminService", "grpc.health.v1.Health"}) {
    CHECK_THAT(*answer, Catch::Contains(service));
  }
  // file_containing_symbol is field 4: the descriptor names its methods.
  const std::string symbol = "scalegraph.ledger.LedgerService";
  REQUIRE(stream.write("\x22" + std::string(1, static_cast<char>(symbol.size())) + symbol));
  const auto file = stream.read();
  REQUIRE(file);
  CHECK_THAT(*file, Catch::Contains("StreamTransfers"));
  REQUIRE(stream.writes_done());
  CHECK_FALSE(stream.read());
  CHECK(stream.finish().ok());
}

TEST_CASE("A message over the limit is refused with RESOURCE_EXHAUSTED and the server lives on") {
  auto settings = ledger_settings();
  settings.server.max_message_bytes = 64 * 1024;
  RunningLedger ledger(settings);
  auto& client = ledger.client;
  REQUIRE(told(client.create_account("a")) == "OK");
  const auto padded = [&](std::size_t size) {
    auto request = transfer_of({{"a", 1}});
    request.set_reference(std::string(size - request.ByteSizeLong() - 4, 'x'));
    CHECK(request.ByteSizeLong() == size);
    return client.ask(&LedgerStub::Transfer, request);
  };
  CHECK(padded(64 * 1024 + 1).status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(told(padded(64 * 1024)) ==
        "INVALID_ARGUMENT REFERENCE_TOO_LONG field=reference outcome=none");
  CHECK(told(client.credit("a", 1)) == "OK");
  CHECK(client.balance("a") == 1);
}

TEST_CASE("A response may be larger than the limit of a request") {
  auto settings = ledger_settings();
  settings.server.max_message_bytes = 64 * 1024;
  RunningLedger ledger(settings);
  REQUIRE(told(ledger.client.create_account("a")) == "OK");
  for (int i = 0; i < 100; ++i) {
    REQUIRE(ledger.client
                .ask(&LedgerStub::Transfer, transfer_of({{"a", 1}}, {}, std::string(1024, 'x')))
                .ok());
  }
  CHECK(ledger.client.transactions("a", 100).body.ByteSizeLong() > 100 * 1024);
}

TEST_CASE("A second server on the same port cannot listen, and the first goes on") {
  RunningLedger first;
  auto settings = ledger_settings();
  settings.server.listen.port = static_cast<std::uint16_t>(first.tree.port());
  {
    const LedgerTree second(settings, memory_store());
    CHECK(second.port() == 0);
    CHECK(second.seat().cannot_listen);
    CHECK(told(first.client.create_account("a")) == "OK");
  }
  CHECK(told(first.client.create_account("b")) == "OK");
}

TEST_CASE("A gateway that crashed binds its port again, and the ledger is as it was") {
  RunningLedger ledger;
  REQUIRE(told(ledger.client.create_account("a", 5)) == "OK");
  ledger.tree.restart_child("gateway");
  LedgerClient again(ledger.tree.port());
  CHECK(again.balance("a") == 5);
  CHECK(told(again.debit("a", 5)) == "OK");
}

TEST_CASE("A server that was asked to stop finishes what is in flight, and takes nothing more") {
  const auto store = std::make_shared<HeldStore>(memory_store());
  RunningLedger ledger(ledger_settings(), store);
  REQUIRE(told(ledger.client.create_account("a", 5)) == "OK");
  HealthWatch watch(ledger.client, "");
  CHECK(watch.next() == Health::SERVING);
  auto hold = store->hold();
  auto unary = std::async(std::launch::async, [&] { return ledger.client.debit("a", 1); });
  store->await_held();
  auto stopped = std::async(std::launch::async, [&] { return ledger.tree.stop(); });
  // The watch ends when the server has begun to stop.
  CHECK(watch.end().error_code() == grpc::StatusCode::UNAVAILABLE);
  hold.release();
  CHECK(told(unary.get()) == "OK");
  CHECK(stopped.get());
  CHECK(ledger.client.debit("a", 1).status.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(store->head().totals.transactions == 1);
}
