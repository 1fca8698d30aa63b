#include "cli/output/errors.hpp"

#include <catch2/catch.hpp>

#include "fake_ledger.hpp"
#include "proto/error_details.pb.h"

using namespace sg::cli;
using Catch::Contains;
using grpc::StatusCode;
using testing::refusal;

TEST_CASE("reason and metadata come from the details of the status") {
  const auto failure =
      explain(refusal(StatusCode::FAILED_PRECONDITION, "INSUFFICIENT_FUNDS", "account alice: no",
                      {{"account_id", "alice"}, {"balance", "10"}, {"outcome", "none"}}),
              {Effect::posting, "k"});
  CHECK(failure.code == "FAILED_PRECONDITION");
  CHECK(failure.reason == "INSUFFICIENT_FUNDS");
  CHECK(failure.exit_code == kRefused);
  CHECK(text(failure, false) ==
        "error: INSUFFICIENT_FUNDS: account alice: no (account_id=alice, balance=10)\n");
  CHECK(line(to_json(failure)) ==
        R"({"error":{"code":"FAILED_PRECONDITION","reason":"INSUFFICIENT_FUNDS",)"
        R"("message":"account alice: no","metadata":{"account_id":"alice","balance":"10",)"
        R"("outcome":"none"},"hint":"","exit_code":1}})"
        "\n");
}

TEST_CASE("only the ledger's own word makes an unavailable ledger a refusal") {
  const auto [status, exit_code] = GENERATE(table<grpc::Status, ExitCode>({
      {refusal(StatusCode::UNAVAILABLE, "SHARD_UNAVAILABLE", "away"), kRefused},
      {refusal(StatusCode::DEADLINE_EXCEEDED, "LOCK_TIMEOUT", "waited"), kRefused},
      {grpc::Status(StatusCode::UNAVAILABLE, "Socket closed"), kUnreachable},
      {grpc::Status(StatusCode::DEADLINE_EXCEEDED, "Deadline Exceeded"), kUnreachable},
      {grpc::Status(StatusCode::UNIMPLEMENTED, ""), kRefused},
      {unreachable("host:1"), kUnreachable},
  }));
  CHECK(explain(status, {}).exit_code == exit_code);
}

TEST_CASE("an unknown outcome brings advice that fits the call") {
  const auto unknown = refusal(StatusCode::UNAVAILABLE, "JOURNAL_UNAVAILABLE", "restarting",
                               {{"outcome", "unknown"}});
  const grpc::Status cut(StatusCode::UNAVAILABLE, "Socket closed");
  const grpc::Status late(StatusCode::DEADLINE_EXCEEDED, "Deadline Exceeded");
  const grpc::Status cancelled(StatusCode::CANCELLED, "");
  for (const auto& status : {unknown, cut, late, cancelled}) {
    CHECK_THAT(explain(status, {Effect::posting, "key-7"}).hint, Contains("same --key key-7"));
    CHECK_THAT(explain(status, {Effect::posting, ""}).hint, Contains("no --key"));
    CHECK_THAT(explain(status, {Effect::creation, ""}).hint, Contains("ALREADY_EXISTS"));
    CHECK(explain(status, {Effect::nothing, ""}).hint.empty());
  }
  CHECK_THAT(text(explain(unknown, {Effect::posting, "key-7"}), false), Contains("\nhint: "));
}

TEST_CASE("a known outcome needs no advice") {
  const auto none =
      refusal(StatusCode::UNAVAILABLE, "SHARD_UNAVAILABLE", "away", {{"outcome", "none"}});
  const auto invalid = refusal(StatusCode::INVALID_ARGUMENT, "AMOUNT_ZERO", "amount is 0");
  for (const auto& status : {none, invalid, unreachable("host:1")}) {
    CHECK(explain(status, {Effect::posting, "k"}).hint.empty());
  }
}

TEST_CASE("a status without details, with broken ones or those of others shows its code") {
  google::rpc::ErrorInfo foreign;
  foreign.set_reason("THEIRS");
  foreign.set_domain("example.com");
  google::rpc::Status details;
  details.add_details()->PackFrom(foreign);
  for (const std::string& bytes :
       {std::string(), std::string("\xff\x00garbage", 9), details.SerializeAsString()}) {
    const auto failure = explain({StatusCode::NOT_FOUND, "nothing", bytes}, {});
    CHECK(failure.reason == "NOT_FOUND");
    CHECK(failure.metadata.empty());
    CHECK(text(failure, false) == "error: NOT_FOUND: nothing\n");
  }
}

TEST_CASE("an error stays on one line whatever the message holds") {
  const auto failure = explain({StatusCode::INTERNAL, "two\nlines \033[2J"}, {});
  CHECK(text(failure, false) == "error: INTERNAL: two\\nlines \\x1b[2J\n");
}

TEST_CASE("bad usage is plain, and red only with colour") {
  CHECK(text(bad_usage("no such file"), false) == "error: no such file\n");
  CHECK(bad_usage("x").exit_code == kUsage);
  CHECK(text(bad_usage("x"), true) == "\033[1;31merror:\033[0m x\n");
}
