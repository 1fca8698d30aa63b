// Streams that their clients cancel at every point of their life. Each request that was taken has a
// place among those in flight; a place that was not given back would be gone until the next start.
#include <grpcpp/create_channel.h>

#include <catch2/catch.hpp>
#include <future>

#include "tests/support/held_store.hpp"
#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

namespace {

constexpr std::size_t kMaxInFlight = 16;
constexpr std::size_t kWindow = 15;
constexpr int kStreams = 600;  // at each point
// More than a client takes that does not read: 64 KiB.
constexpr int kLongAnswer = 100;

config::Settings narrow_settings() {
  auto settings = ledger_settings();
  settings.server.max_in_flight = kMaxInFlight;
  settings.server.max_stream_window = kWindow;
  return settings;
}

struct World {
  std::shared_ptr<HeldStore> store = std::make_shared<HeldStore>(memory_store());
  RunningLedger ledger{narrow_settings(), store};
  std::unique_ptr<LedgerStub> stub;
  wire::TransferBatchRequest small = batch_of({transfer_of({{"a", 1}})});
  wire::TransferBatchRequest large = batch_of(std::vector<wire::TransferRequest>(
      kLongAnswer, transfer_of({{"a", 1}}, {}, std::string(1'000, 'x'))));

  World() {
    grpc::ChannelArguments arguments;
    // The window stays at 64 KiB: a longer answer is under way until somebody reads it.
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    stub = wire::LedgerService::NewStub(
        grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(ledger.tree.port()),
                                  grpc::InsecureChannelCredentials(), arguments));
    REQUIRE(told(ledger.client.create_account("a", 1'000'000)) == "OK");
  }

  // A transfer on the connection of the streams is answered after all that came on it before. What
  // was cancelled and is at work would else wait for the journal that is held, and keep its place.
  void await_those_before() {
    const auto give_up = std::chrono::steady_clock::now() + kPatience;
    for (std::string end; end != "OK";) {
      REQUIRE(std::chrono::steady_clock::now() < give_up);
      grpc::ClientContext context;
      wire::Transaction answer;
      end = told(stub->Transfer(&context, transfer_of({{"a", 1}}), &answer));
    }
  }

  // What was cancelled last may still be at work, and have places.
  Answer<wire::Transaction> debit_once_admitted(const std::string& key) {
    const auto give_up = std::chrono::steady_clock::now() + kPatience;
    auto answer = ledger.client.debit("a", 1, key);
    while (answer.status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED &&
           std::chrono::steady_clock::now() < give_up) {
      answer = ledger.client.debit("a", 1, key);
    }
    return answer;
  }

  // Each of the places is taken by a call that waits for the journal, and there is none more.
  void check_all_places_are_free() {
    await_those_before();
    auto hold = store->hold();
    std::vector<std::future<Answer<wire::Transaction>>> calls;
    for (std::size_t i = 0; i < kMaxInFlight; ++i) {
      const auto key = "place " + std::to_string(i);
      calls.push_back(
          std::async(std::launch::async, [this, key] { return debit_once_admitted(key); }));
      store->await_lookup(key);
    }
    CHECK(told(ledger.client.debit("a", 1)) ==
          "RESOURCE_EXHAUSTED OVERLOADED max_in_flight=16 outcome=none");
    hold.release();
    for (auto& call : calls) CHECK(told(call.get()) == "OK");
  }
};

// A stream that is cancelled when it goes.
class Stream {
 public:
  explicit Stream(World& world) {
    context_.set_deadline(std::chrono::system_clock::now() + kPatience);
    stream_ = world.stub->StreamTransfers(&context_);
  }
  ~Stream() {
    context_.TryCancel();
    (void)stream_->Finish();
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  grpc::ClientReaderWriter<wire::TransferBatchRequest, wire::TransferBatchResponse>* operator->() {
    return stream_.get();
  }
  // The first answer is on its way.
  void await_answering() { stream_->WaitForInitialMetadata(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<wire::TransferBatchRequest, wire::TransferBatchResponse>>
      stream_;
};

}  // namespace

// It popped the answer that was being written, and then, when that was written, the next one with
// its place: the server refused every call as OVERLOADED after some hundred such streams.
TEST_CASE("Streams that are cancelled while an answer is being written give all places back") {
  World w;
  for (int i = 0; i < kStreams; ++i) {
    Stream stream(w);
    stream->Write(w.large);
    for (std::size_t more = 1; more < kWindow; ++more) stream->Write(w.small);
    stream.await_answering();
  }
  w.check_all_places_are_free();
}

TEST_CASE("Streams that are cancelled while they are read give all places back") {
  World w;
  for (int i = 0; i < kStreams; ++i) {
    Stream stream(w);
    for (int sent = 0; sent < i % 3; ++sent) stream->Write(w.small);
  }
  w.check_all_places_are_free();
}

TEST_CASE("Streams that are cancelled while their requests wait give all places back") {
  World w;
  constexpr int kTogether = 5;
  for (int i = 0; i < kStreams / kTogether; ++i) {
    auto hold = w.store->hold();
    std::vector<std::unique_ptr<Stream>> streams;
    for (int s = 0; s < kTogether; ++s) {
      const auto key = std::to_string(i) + "/" + std::to_string(s);
      streams.push_back(std::make_unique<Stream>(w));
      (*streams.back())->Write(batch_of({transfer_of({{"a", 1}}, key)}));
      (*streams.back())->Write(w.small);
      w.store->await_lookup(key);
    }
    streams.clear();
    hold.release();
    // Answered after all of those before it.
    grpc::ClientContext context;
    wire::Transaction answer;
    REQUIRE(told(w.stub->Transfer(&context, transfer_of({{"a", 1}}), &answer)) == "OK");
  }
  w.check_all_places_are_free();
}

TEST_CASE("Streams that are cancelled after their last answer give all places back") {
  World w;
  for (int i = 0; i < kStreams; ++i) {
    Stream stream(w);
    wire::TransferBatchResponse response;
    stream->Write(w.small);
    stream->Write(w.small);
    CHECK(stream->Read(&response));
    CHECK(stream->Read(&response));
    if (i % 2 == 0) stream->WritesDone();
  }
  w.check_all_places_are_free();
}
