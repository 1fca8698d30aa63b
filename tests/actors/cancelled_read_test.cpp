// Reads whose clients have gone, and walks that fail.
#include <catch2/catch.hpp>
#include <deque>
#include <future>

#include "tests/support/held_store.hpp"
#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

namespace {

struct World {
  std::shared_ptr<HeldStore> store = std::make_shared<HeldStore>(memory_store());
  RunningLedger ledger{ledger_settings(), store};
  LedgerClient& client = ledger.client;

  World() {
    REQUIRE(told(client.create_account("a", 100)) == "OK");
    REQUIRE(told(client.create_participant("p")) == "OK");
  }
  std::string balance_sheet() {
    return told(client.ask(&AdminStub::GetBalanceSheet, wire::GetBalanceSheetRequest()));
  }
  std::string verify() {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    const auto reader = client.stub<AdminStub>().Verify(&context, wire::VerifyRequest());
    for (wire::VerifyResponse response; reader->Read(&response);) {
    }
    return told(reader->Finish());
  }
};

}  // namespace

// They freed their places at once, but were worked off all the same: who cancelled and asked again
// made the queue as long as he liked.
TEST_CASE("Reads that were cancelled while they wait are dropped before they are worked off") {
  World w;
  const auto credited = w.client.credit("a", 1);
  REQUIRE(told(credited) == "OK");
  auto hold = w.store->hold_transactions();
  // The reader is busy from here on.
  auto busy =
      std::async(std::launch::async, [&] { return w.client.transaction(credited.body.id()); });
  w.store->await_transaction_read();

  constexpr int kReads = 200;
  struct Call {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientAsyncResponseReader<wire::Participant>> reader;
    wire::Participant response;
    grpc::Status status;
  };
  grpc::CompletionQueue queue;
  std::deque<Call> calls(kReads);
  wire::GetParticipantRequest request;
  request.set_participant_id("p");
  for (auto& call : calls) {
    call.reader =
        w.client.stub<ParticipantStub>().AsyncGetParticipant(&call.context, request, &queue);
    call.reader->Finish(&call.response, &call.status, &call);
  }
  // Its answer comes over the same connection, so the server has met the reads before it.
  REQUIRE(told(w.client.credit("a", 1)) == "OK");
  for (auto& call : calls) call.context.TryCancel();
  void* tag = nullptr;
  bool ok = false;
  for (int i = 0; i < kReads; ++i) REQUIRE(queue.Next(&tag, &ok));
  for (const auto& call : calls) {
    CHECK(call.status.error_code() == grpc::StatusCode::CANCELLED);
  }
  REQUIRE(told(w.client.credit("a", 1)) == "OK");

  const int before = w.store->participants_read();
  hold.release();
  CHECK(told(busy.get()) == "OK");
  // Behind all of them.
  CHECK(told(w.client.ask(&ParticipantStub::GetParticipant, request)) == "OK");
  CHECK(w.store->participants_read() - before == 1);
}

// Each kept its place once: after four of them every later one was refused with OVERLOADED.
TEST_CASE("A walk that throws is an internal error, and gives its place back") {
  World w;
  w.store->throw_in_walks(true);
  for (int i = 0; i < 2 * actors::Runtime::kMaxWalks; ++i) {
    CHECK(w.balance_sheet().starts_with("INTERNAL INTERNAL correlation_id="));
    CHECK(w.verify().starts_with("INTERNAL INTERNAL correlation_id="));
  }
  w.store->throw_in_walks(false);
  CHECK(w.balance_sheet() == "OK");
  CHECK(w.verify() == "OK");
}

// A walk may take minutes. It held the stop for all of `drain_timeout`.
TEST_CASE("A verification in progress does not hold an orderly stop") {
  World w;
  const auto credited = w.client.credit("a", 1);
  REQUIRE(told(credited) == "OK");
  // The queries actor is busy, so that the verification cannot end by itself.
  auto hold = w.store->hold_transactions();
  auto busy =
      std::async(std::launch::async, [&] { return w.client.transaction(credited.body.id()); });
  w.store->await_transaction_read();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  const auto reader = w.client.stub<AdminStub>().Verify(&context, wire::VerifyRequest());
  // Its answer comes over the same connection, so the server has met the verification before it.
  REQUIRE(told(w.client.credit("a", 1)) == "OK");
  auto stopped = std::async(std::launch::async, [&] { return w.ledger.tree.stop(); });
  wire::VerifyResponse response;
  CHECK_FALSE(reader->Read(&response));
  const auto status = reader->Finish();
  CHECK(told(status) == "UNAVAILABLE NODE_UNAVAILABLE");
  CHECK(status.error_message().starts_with("the server stops"));
  hold.release();
  CHECK(told(busy.get()) == "OK");
  CHECK(stopped.get());
}
