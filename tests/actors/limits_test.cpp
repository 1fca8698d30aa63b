// What bounds the memory of many calls and streams: bytes in flight, open streams, no thread each.
#include <grpcpp/create_channel.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <future>

#include "tests/support/held_store.hpp"
#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

namespace {

constexpr std::size_t kMiB = 1'048'576;
constexpr const char* kStream = "/scalegraph.ledger.LedgerService/StreamTransfers";
constexpr const char* kReflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
constexpr const char* kReflectionAlpha =
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
// ServerReflectionRequest.list_services is field 7, a string.
const std::string kListServices("\x3A\x00", 2);

std::ptrdiff_t threads_of_this_process() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
}

template <class Call>
std::string told_once_there_is_room(Call call) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  auto line = call();
  while (line.find("OVERLOADED") != std::string::npos &&
         std::chrono::steady_clock::now() < give_up) {
    line = call();
  }
  return line;
}

}  // namespace

TEST_CASE("Calls whose bytes pass the limit are refused, and taken when others have gone") {
  auto settings = ledger_settings();
  settings.server.max_in_flight_bytes = kMiB;
  const auto store = std::make_shared<HeldStore>(memory_store());
  RunningLedger ledger(settings, store);
  auto& client = ledger.client;
  REQUIRE(told(client.create_account("a", 1'000'000)) == "OK");
  const std::vector large(1'000, transfer_of({{"a", -1}}, {}, std::string(200, 'x')));
  auto hold = store->hold();
  auto first = std::async(std::launch::async, [&] { return client.batch(large); });
  store->await_held();
  CHECK(told(client.batch(large)) ==
        "RESOURCE_EXHAUSTED OVERLOADED max_in_flight_bytes=1048576 outcome=none");
  // There is room for what is small.
  auto small = std::async(std::launch::async, [&] { return client.debit("a", 1, "small"); });
  store->await_lookup("small");
  hold.release();
  CHECK(told(first.get()) == "OK");
  CHECK(told(small.get()) == "OK");
  CHECK(told_once_there_is_room([&] { return told(client.batch(large)); }) == "OK");
}

// Its place was free as soon as the answer was made: streams that nobody read held what they liked.
TEST_CASE("An answer that nobody reads counts among the bytes in flight until its client leaves") {
  auto settings = ledger_settings();
  settings.server.max_in_flight_bytes = kMiB;
  RunningLedger ledger(settings);
  auto& client = ledger.client;
  REQUIRE(told(client.create_account("a", 1'000'000)) == "OK");
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // the window stays at 64 KiB
  const auto deaf = wire::LedgerService::NewStub(
      grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(ledger.tree.port()),
                                grpc::InsecureChannelCredentials(), arguments));
  grpc::ClientContext context;
  const auto stream = deaf->StreamTransfers(&context);
  const std::vector large(800, transfer_of({{"a", -1}}, {}, std::string(500, 'x')));
  REQUIRE(stream->Write(batch_of(large)));
  stream->WaitForInitialMetadata();  // it is being answered
  const std::vector as_large(1'000, transfer_of({{"a", -1}}, {}, std::string(500, 'x')));
  CHECK(told(client.batch(as_large)) ==
        "RESOURCE_EXHAUSTED OVERLOADED max_in_flight_bytes=1048576 outcome=none");
  context.TryCancel();
  (void)stream->Finish();
  CHECK(told_once_there_is_room([&] { return told(client.batch(as_large)); }) == "OK");
}

TEST_CASE("A batch larger than the limit is taken while nothing else is in flight") {
  auto settings = ledger_settings();
  settings.server.max_in_flight_bytes = kMiB;
  RunningLedger ledger(settings);
  REQUIRE(told(ledger.client.create_account("a", 1'000'000)) == "OK");
  const std::vector huge(10'000, transfer_of({{"a", -1}}, {}, std::string(200, 'x')));
  CHECK(told_once_there_is_room([&] { return told(ledger.client.batch(huge)); }) == "OK");
}

TEST_CASE("One stream more than the limit is ended, whatever its service, and others go on") {
  auto settings = ledger_settings();
  settings.server.max_streams = 2;
  RunningLedger ledger(settings);
  REQUIRE(told(ledger.client.create_account("a", 5)) == "OK");
  const auto request = batch_of({transfer_of({{"a", -1}})}).SerializeAsString();
  auto first = std::make_unique<RawStream>(ledger.client, kStream);
  REQUIRE(first->write(request));
  REQUIRE(first->read());
  RawStream second(ledger.client, kReflection);
  REQUIRE(second.write(kListServices));
  REQUIRE(second.read());
  for (const char* path : {kStream, kReflection, kReflectionAlpha, "/grpc.health.v1.Health/Watch",
                           "/scalegraph.ledger.AdminService/Verify"}) {
    CAPTURE(path);
    RawStream more(ledger.client, path);
    more.write({});
    more.writes_done();
    CHECK_FALSE(more.read());
    const auto line = told(more.finish());
    CHECK_THAT(line, Catch::StartsWith("RESOURCE_EXHAUSTED OVERLOADED max_streams=2"));
  }
  REQUIRE(first->write(request));
  REQUIRE(first->read());
  first.reset();
  const auto again = told_once_there_is_room([&] {
    RawStream third(ledger.client, kStream);
    third.write(request);
    third.writes_done();
    return third.read() ? std::string("OK") : told(third.finish());
  });
  CHECK(again == "OK");
}

TEST_CASE("A request to watch that does not parse is refused, not taken for another one") {
  RunningLedger ledger;
  RawStream watch(ledger.client, "/grpc.health.v1.Health/Watch");
  watch.write(std::string("\xFF\xFF\xFF", 3));
  watch.writes_done();
  CHECK_FALSE(watch.read());
  CHECK_THAT(told(watch.finish()), Catch::StartsWith("INVALID_ARGUMENT MALFORMED_REQUEST"));
}

TEST_CASE("A thousand idle streams of every service cost no thread") {
  RunningLedger ledger;
  const auto open = [&](const char* path, const std::string& first) {
    auto stream = std::make_unique<RawStream>(ledger.client, path);
    REQUIRE(stream->write(first));
    REQUIRE(stream->read());
    return stream;
  };
  const auto open_all = [&](int count) {
    std::vector<std::unique_ptr<RawStream>> streams;
    for (int i = 0; i < count; ++i) {
      streams.push_back(open(kStream, batch_of({}).SerializeAsString()));
      streams.push_back(open(kReflection, kListServices));
      streams.push_back(open(kReflectionAlpha, kListServices));
      streams.push_back(open("/grpc.health.v1.Health/Watch", {}));
    }
    return streams;
  };
  const auto few = open_all(1);
  const auto before = threads_of_this_process();
  const auto many = open_all(250);
  CHECK(threads_of_this_process() <= before + 2);  // of the client's library
}

TEST_CASE("Reflection of both versions lists the services and gives the files of a symbol") {
  RunningLedger ledger;
  for (const char* path : {kReflection, kReflectionAlpha}) {
    CAPTURE(path);
    RawStream stream(ledger.client, path);
    REQUIRE(stream.write(kListServices));
    const auto services = stream.read();
    REQUIRE(services);
    for (const char* service :
         {"scalegraph.ledger.LedgerService", "grpc.health.v1.Health",
          "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}) {
      CHECK_THAT(*services, Catch::Contains(service));
    }
    // file_containing_symbol is field 4, file_by_filename 3.
    const auto text = [](char field, const std::string& value) {
      return std::string(1, field) + static_cast<char>(value.size()) + value;
    };
    REQUIRE(stream.write(text('\x22', "scalegraph.ledger.LedgerService.Transfer")));
    CHECK_THAT(stream.read().value_or(""), Catch::Contains("StreamTransfers"));
    REQUIRE(stream.write(text('\x1A', "proto/ledger.proto")));
    CHECK_THAT(stream.read().value_or(""), Catch::Contains("StreamTransfers"));
    REQUIRE(stream.write(text('\x22', "no.such.Symbol")));
    CHECK_THAT(stream.read().value_or(""), Catch::Contains("no symbol no.such.Symbol"));
    REQUIRE(stream.write({}));
    CHECK_THAT(stream.read().value_or(""), Catch::Contains("asks for nothing"));
    REQUIRE(stream.write(std::string("\xFF\xFF", 2)));
    CHECK_FALSE(stream.read());
    CHECK(stream.finish().error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  }
}
