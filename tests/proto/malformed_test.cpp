// What is said of requests that do not parse, and that the work for it is bounded.
#include <google/protobuf/util/message_differencer.h>

#include <catch2/catch.hpp>

#include "proto/conversion.hpp"
#include "proto/ledger.pb.h"
#include "proto/transfer_reader.hpp"
#include "proto/transfer_writer.hpp"

using namespace sg;
namespace wire = scalegraph::ledger;
using State = proto::TransferReader::State;

namespace {

constexpr std::size_t kHuge = 16u << 20;

std::string told(const ledger::Error& error) {
  std::string line(to_string(error.reason));
  for (const auto& [key, value] : error.metadata) line += " " + key + "=" + value;
  return line;
}

template <class Message>
std::string told_of(const std::string& bytes) {
  return told(proto::explain_malformed(*Message::descriptor(), bytes));
}

std::string repeated(const std::string& part, std::size_t bytes) {
  std::string all;
  all.reserve(bytes);
  while (all.size() < bytes) all += part;
  return all;
}

// The error of a batch; "" if it is taken.
std::string told_of_batch(const std::string& bytes) {
  proto::TransferList list;
  proto::TransferReader reader(bytes, list);
  auto state = State::more;
  const auto take = [](const ledger::Transfer&) { return true; };
  while (state == State::more) state = reader.read_batch(1'000, take);
  return state == State::whole ? std::string() : told(reader.error());
}

std::string told_of_transfer(const std::string& bytes) {
  proto::TransferList list;
  proto::TransferReader reader(bytes, list);
  return reader.read_transfer() == State::whole ? std::string() : told(reader.error());
}

}  // namespace

TEST_CASE("A text that is not UTF-8 is named by its path, in a map and a nested message too") {
  CHECK(told_of<wire::CreateAccountRequest>("\x0A\x02\xC3\x28") == "NOT_UTF8 field=account_id");
  // Field 3, metadata: two good pairs, then one whose value is wrong.
  const std::string good("\x1A\x06\x0A\x01k\x12\x01v");
  CHECK(told_of<wire::CreateAccountRequest>(good + good + "\x1A\x06\x0A\x01k\x12\x01\xFF") ==
        "NOT_UTF8 field=metadata[2].value");
  const std::string entry("\x0A\x07\x0A\x03\xC3\x28x\x10\x01");
  CHECK(told_of_transfer(entry) == "NOT_UTF8 field=entries[0].account_id");
  const std::string right("\x0A\x05\x0A\x01x\x10\x01");
  CHECK(told_of_transfer(right + entry) == "NOT_UTF8 field=entries[1].account_id");
  CHECK(told_of_transfer(right + "\x12\x01\xFF") == "NOT_UTF8 field=reference");
  CHECK(told_of_batch("\x0A\x07" + right + "\x0A\x03\x1A\x01\xFF") ==
        "NOT_UTF8 field=transfers[1].idempotency_key");
}

TEST_CASE("Bytes that are no message are malformed, and what comes first in them is told") {
  CHECK(told_of<wire::CreateAccountRequest>("\xFF\xFF") == "MALFORMED_REQUEST");
  CHECK(told_of<wire::CreateAccountRequest>("\x0A\x05x") == "MALFORMED_REQUEST");
  CHECK(told_of<wire::CreateAccountRequest>("\x0A\x01\xFF\xFF") == "NOT_UTF8 field=account_id");
  CHECK(told_of_batch("\x0A\x03\x12\x01\xFF\xFF\xFF") == "NOT_UTF8 field=transfers[0].reference");
  CHECK(told_of_batch("\xFF\xFF") == "MALFORMED_REQUEST");
}

TEST_CASE("A request of a million fields is refused after a few of them") {
  const auto flood = repeated(std::string("\x78\x01"), kHuge);  // field 15
  const auto end = flood + "\xFF";
  CHECK(proto::check_shape(*wire::GetAccountRequest::descriptor(), flood).has_value());
  CHECK(told_of_transfer(flood) == "MALFORMED_REQUEST");
  CHECK(told_of_transfer("\x0A\x80\x80\x80\x04" + repeated("\x78\x01", 8u << 20)) ==
        "MALFORMED_REQUEST");
  // Few fields, however long, are none of its business.
  wire::CreateAccountRequest request;
  request.set_account_id(std::string(kHuge, 'x'));
  CHECK_FALSE(
      proto::check_shape(*wire::CreateAccountRequest::descriptor(), request.SerializeAsString()));
}

TEST_CASE("A batch of millions of transfers, or of entries, is not read into memory") {
  const std::string nothing("\x0A\x00", 2);
  {
    const auto transfers = repeated(nothing, kHuge);
    proto::TransferList list;
    CHECK_FALSE(proto::read_batch(transfers, list));
    CHECK(list.transfers.size() <= ledger::kMaxBatchTransfers);
    CHECK(told_of_batch(transfers) == "TOO_MANY_TRANSFERS field=transfers");
  }
  const auto entries = repeated(nothing, kHuge);
  proto::TransferList list;
  REQUIRE(proto::read_transfer(entries, list));
  CHECK(list.entries.size() == ledger::kMaxEntries);
  REQUIRE(list.transfers.size() == 1);
  CHECK(told(*check(list.transfers.front())) == "TOO_MANY_ENTRIES field=entries");
}

TEST_CASE("A transfer with too many entries leaves those after it as they are") {
  wire::TransferBatchRequest batch;
  auto& wrong = *batch.add_transfers();
  for (int i = 0; i < 5'000; ++i) wrong.add_entries()->set_account_id("x");
  auto& right = *batch.add_transfers();
  right.add_entries()->set_account_id("y");
  right.mutable_entries(0)->set_amount(7);
  right.set_reference("after it");
  const auto bytes = batch.SerializeAsString();
  for (const bool drops : {false, true}) {
    CAPTURE(drops);
    proto::TransferList list;
    proto::TransferReader reader(bytes, list);
    auto state = State::more;
    const auto take = [&](const ledger::Transfer& transfer) { return !drops || !check(transfer); };
    while (state == State::more) state = reader.read_batch(100, take);
    REQUIRE(state == State::whole);
    REQUIRE(list.transfers.size() == 2);
    const auto& last = list.transfers[1];
    REQUIRE(last.entries.size() == 1);
    CHECK(last.entries[0].account_id == "y");
    CHECK(last.entries[0].amount == 7);
    CHECK(last.reference == "after it");
    CHECK(list.transfers[0].entries.empty() == drops);
  }
}

TEST_CASE("A portion of a batch ends soon after the fields that it was given") {
  wire::TransferBatchRequest batch;
  for (int i = 0; i < 1'000; ++i) batch.add_transfers()->add_entries()->set_account_id("x");
  const auto bytes = batch.SerializeAsString();
  proto::TransferList list;
  proto::TransferReader reader(bytes, list);
  const auto take = [](const ledger::Transfer&) { return true; };
  std::size_t portions = 1;
  for (std::size_t before = 0; reader.read_batch(50, take) == State::more; ++portions) {
    CHECK(list.transfers.size() - before <= 50);
    before = list.transfers.size();
  }
  CHECK(portions >= 20);
  CHECK(list.transfers.size() == 1'000);
}

TEST_CASE("Results that are written in portions are those that are written at once") {
  const std::vector<ledger::Entry> entries{{"a", 1}, {"b", -1}};
  std::vector<ledger::Transfer> transfers;
  std::vector<ledger::ItemResult> results;
  for (std::size_t i = 0; i < 100; ++i) {
    transfers.push_back({ledger::TransferKind::transfer, entries, "reference", {}});
    auto& result = results.emplace_back();
    result.state =
        i % 3 == 0 ? ledger::ItemResult::State::refused : ledger::ItemResult::State::committed;
    result.sequence = i + 1;
    if (i % 3 == 0) result.error = std::make_shared<ledger::Error>(proto::not_utf8("x"));
  }
  const auto parsed = [](const grpc::ByteBuffer& bytes) {
    grpc::Slice slice;
    wire::TransferBatchResponse response;
    REQUIRE(bytes.DumpToSingleSlice(&slice).ok());
    REQUIRE(response.ParseFromArray(slice.begin(), static_cast<int>(slice.size())));
    return response;
  };
  proto::ResultsWriter writer(transfers, results);
  int portions = 1;
  while (writer.write(10)) ++portions;
  CHECK(portions > 20);
  // Not byte by byte: the pairs of a map have no order.
  CHECK(google::protobuf::util::MessageDifferencer::Equals(
      parsed(writer.take()), parsed(proto::write_results(transfers, results))));
}

TEST_CASE("A field that a type does not have is refused where fields may narrow what is asked") {
  wire::GetBackupRequest request;
  const auto with = [&](const std::string& more) {
    request.set_name("weekly");
    const auto bytes = request.SerializeAsString() + more;
    REQUIRE(request.ParseFromString(bytes));
    return proto::refuse_unknown_fields(request);
  };
  CHECK_FALSE(with(""));
  const auto refused = with("\x98\x06\x01");
  REQUIRE(refused);
  CHECK(refused->reason == ledger::Reason::field_unknown);
  CHECK(refused->message == "the request has a field that this server does not know: 99");
}
