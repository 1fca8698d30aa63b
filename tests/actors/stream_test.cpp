// StreamTransfers: pipelined requests, one response each, in order; errors do not end the stream.
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "tests/support/held_store.hpp"
#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

namespace {

using Lines = std::vector<std::string>;

constexpr const char* kPath = "/scalegraph.ledger.LedgerService/StreamTransfers";

class Stream {
 public:
  explicit Stream(LedgerClient& client) {
    context_.set_deadline(std::chrono::system_clock::now() + kPatience);
    stream_ = client.stub<LedgerStub>().StreamTransfers(&context_);
  }
  bool write(const wire::TransferBatchRequest& request) { return stream_->Write(request); }
  wire::TransferBatchResponse read() {
    wire::TransferBatchResponse response;
    REQUIRE(stream_->Read(&response));
    return response;
  }
  std::string finish() {
    stream_->WritesDone();
    wire::TransferBatchResponse more;
    CHECK_FALSE(stream_->Read(&more));
    return told(stream_->Finish());
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<wire::TransferBatchRequest, wire::TransferBatchResponse>>
      stream_;
};

wire::TransferBatchResponse parsed(const std::optional<std::string>& bytes) {
  wire::TransferBatchResponse response;
  REQUIRE(bytes);
  REQUIRE(response.ParseFromString(*bytes));
  return response;
}

}  // namespace

TEST_CASE("Fifty requests of a stream are in flight at once and answered in their order") {
  RunningLedger ledger;
  REQUIRE(told(ledger.client.create_account("a", 50)) == "OK");
  Stream stream(ledger.client);
  for (int i = 0; i < 50; ++i) {
    REQUIRE(stream.write(batch_of({transfer_of({{"a", -1}}, {}, std::to_string(i))})));
  }
  std::string last;
  for (int i = 0; i < 50; ++i) {
    const auto response = stream.read();
    REQUIRE(told(response) == Lines{"OK"});
    const auto& transaction = response.results(0).transaction();
    CHECK(transaction.reference() == std::to_string(i));
    CHECK(transaction.id() > last);
    last = transaction.id();
  }
  CHECK(stream.finish() == "OK");
  CHECK(ledger.client.balance("a") == 0);
}

TEST_CASE("A stream beyond its window slows the writer down and loses nothing") {
  auto settings = ledger_settings();
  settings.server.max_stream_window = 2;
  RunningLedger ledger(settings);
  REQUIRE(told(ledger.client.create_account("a")) == "OK");
  constexpr int kRequests = 200;
  const auto request =
      batch_of(std::vector<wire::TransferRequest>(20, transfer_of({{"a", 1}}, {}, "some text")));
  Stream stream(ledger.client);
  std::jthread writer([&] {
    for (int i = 0; i < kRequests; ++i) stream.write(request);
  });
  for (int i = 0; i < kRequests; ++i) CHECK(told(stream.read()) == Lines(20, "OK"));
  writer.join();
  CHECK(stream.finish() == "OK");
  CHECK(ledger.client.balance("a") == kRequests * 20);
}

TEST_CASE("Refused items stand in the results of a stream as in those of a batch") {
  RunningLedger ledger;
  REQUIRE(told(ledger.client.create_account("a", 5)) == "OK");
  Stream stream(ledger.client);
  const std::vector transfers{transfer_of({{"a", -5}}), transfer_of({{"a", -1}}),
                              transfer_of({{"a", 0}})};
  REQUIRE(stream.write(batch_of(transfers)));
  REQUIRE(stream.write(batch_of({transfer_of({{"a", 1}}), transfer_of({{"x", 1}})}, true)));
  REQUIRE(stream.write(batch_of({})));
  CHECK(told(stream.read()) ==
        Lines{"OK",
              "FAILED_PRECONDITION INSUFFICIENT_FUNDS account_id=a amount=-1 balance=0 "
              "outcome=none",
              "INVALID_ARGUMENT AMOUNT_ZERO field=entries[0].amount outcome=none"});
  CHECK(told(stream.read()) == Lines{"ABORTED BATCH_ABORTED outcome=none",
                                     "NOT_FOUND ACCOUNT_NOT_FOUND account_id=x outcome=none"});
  const auto empty = stream.read();
  CHECK(empty.results().empty());
  CHECK_FALSE(empty.has_error());
  CHECK(stream.finish() == "OK");
}

TEST_CASE("A malformed request of a stream gets an error in its place and the stream goes on") {
  RunningLedger ledger;
  REQUIRE(told(ledger.client.create_account("a", 5)) == "OK");
  const auto good = batch_of({transfer_of({{"a", -1}})}).SerializeAsString();
  auto not_utf8 = batch_of({transfer_of({{"a", -1}}), transfer_of({{"<", 1}})}).SerializeAsString();
  const auto at = not_utf8.find('<');
  REQUIRE(at != std::string::npos);
  not_utf8[at] = '\xC3';
  const auto too_many =
      batch_of(std::vector<wire::TransferRequest>(10'001, transfer_of({{"a", -1}})));

  RawStream stream(ledger.client, kPath);
  REQUIRE(stream.write(good));
  REQUIRE(stream.write(std::string("\xFF\xFF", 2)));
  REQUIRE(stream.write(good));
  REQUIRE(stream.write(not_utf8));
  REQUIRE(stream.write(too_many.SerializeAsString()));
  REQUIRE(stream.write(good));
  REQUIRE(stream.writes_done());

  CHECK(told(parsed(stream.read())) == Lines{"OK"});
  const auto malformed = parsed(stream.read());
  CHECK(malformed.results().empty());
  CHECK(told(malformed.error()) == "INVALID_ARGUMENT MALFORMED_REQUEST outcome=none");
  CHECK(told(parsed(stream.read())) == Lines{"OK"});
  const auto wrong_text = parsed(stream.read());
  CHECK(wrong_text.results().empty());
  CHECK(told(wrong_text.error()) ==
        "INVALID_ARGUMENT NOT_UTF8 field=transfers[1].entries[0].account_id outcome=none");
  CHECK(told(parsed(stream.read()).error()) ==
        "INVALID_ARGUMENT TOO_MANY_TRANSFERS field=transfers outcome=none");
  CHECK(told(parsed(stream.read())) == Lines{"OK"});
  CHECK_FALSE(stream.read());
  CHECK(told(stream.finish()) == "OK");
  CHECK(ledger.client.balance("a") == 2);
}

TEST_CASE("Two streams and unary calls share the ledger") {
  RunningLedger ledger;
  REQUIRE(told(ledger.client.create_account("a", 100)) == "OK");
  Stream one(ledger.client);
  Stream two(ledger.client);
  REQUIRE(one.write(batch_of({transfer_of({{"a", -1}}, "k")})));
  const auto first = one.read();
  REQUIRE(two.write(batch_of({transfer_of({{"a", -1}}, "k")})));
  const auto second = two.read();
  CHECK(first.results(0).transaction().id() == second.results(0).transaction().id());
  CHECK(ledger.client.transfer({{"a", -1}}, "k").body.id() == first.results(0).transaction().id());
  CHECK(one.finish() == "OK");
  CHECK(two.finish() == "OK");
  CHECK(ledger.client.balance("a") == 99);
}

TEST_CASE("A request over the limit ends its stream with RESOURCE_EXHAUSTED") {
  auto settings = ledger_settings();
  settings.server.max_message_bytes = 64 * 1024;
  RunningLedger ledger(settings);
  REQUIRE(told(ledger.client.create_account("a", 5)) == "OK");
  RawStream stream(ledger.client, kPath);
  REQUIRE(stream.write(batch_of({transfer_of({{"a", -1}})}).SerializeAsString()));
  CHECK(told(parsed(stream.read())) == Lines{"OK"});
  stream.write(std::string(64 * 1024 + 1, 'x'));
  CHECK_FALSE(stream.read());
  CHECK(stream.finish().error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(ledger.client.balance("a") == 4);
}

// It was cancelled, which left the client not knowing what had become of the requests it had sent.
TEST_CASE("A stream that is open when the server stops is answered and told to go elsewhere") {
  const auto store = std::make_shared<HeldStore>(memory_store());
  RunningLedger ledger(ledger_settings(), store);
  REQUIRE(told(ledger.client.create_account("a", 5)) == "OK");
  RawStream idle(ledger.client, kPath);
  REQUIRE(idle.write(batch_of({}).SerializeAsString()));
  CHECK(told(parsed(idle.read())).empty());
  RawStream busy(ledger.client, kPath);
  auto hold = store->hold();
  REQUIRE(busy.write(batch_of({transfer_of({{"a", -1}})}).SerializeAsString()));
  store->await_held();
  auto stopped = std::async(std::launch::async, [&] { return ledger.tree.stop(); });
  const std::string elsewhere = "UNAVAILABLE NODE_UNAVAILABLE outcome=none";
  CHECK_FALSE(idle.read());
  CHECK(told(idle.finish()) == elsewhere);
  hold.release();
  CHECK(told(parsed(busy.read())) == Lines{"OK"});
  CHECK_FALSE(busy.read());
  CHECK(told(busy.finish()) == elsewhere);
  CHECK(stopped.get());
}
