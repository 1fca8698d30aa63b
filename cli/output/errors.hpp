// What went wrong with a call, for people and for scripts: the google.rpc.ErrorInfo that travels in
// grpc-status-details-bin decides the reason, the hint and the exit code.
#pragma once

#include <grpcpp/support/status.h>

#include <map>
#include <string>
#include <string_view>

#include "cli/output/json.hpp"
#include "command_line/output.hpp"

namespace sg::cli {

enum ExitCode : int {
  kDone = 0,
  kRefused = 1,      // by the ledger
  kUsage = 2,        // bad command line or file
  kUnreachable = 3,  // no answer from a ledger
  // Done, but the answer could not be printed.
  kOutputLost = command_line::kOutputLost,
};

// What the failed call would have changed; decides what to advise when the outcome is unknown.
enum class Effect { nothing, creation, posting };

struct Attempt {
  Effect effect = Effect::nothing;
  // The idempotency key of a posting; empty without one.
  std::string key;
};

struct Failure {
  // The name of the gRPC code: "FAILED_PRECONDITION".
  std::string code;
  // ErrorInfo's reason, or the code again if the answer carries none.
  std::string reason;
  std::string message;
  std::map<std::string, std::string> metadata;
  // A sentence on what to do; often empty.
  std::string hint;
  ExitCode exit_code = kRefused;
};

// The status that a call ends with if no connection could be made.
[[nodiscard]] grpc::Status unreachable(std::string_view server);

// Without ErrorInfo of the ledger, UNAVAILABLE and DEADLINE_EXCEEDED mean that no ledger answered:
// kUnreachable. Everything else is kRefused.
[[nodiscard]] Failure explain(const grpc::Status& status, const Attempt& attempt);

// A command line or a file that cannot be used.
[[nodiscard]] Failure bad_usage(std::string_view message);

// What was printed did not arrive.
[[nodiscard]] Failure output_lost();

// "error: INSUFFICIENT_FUNDS: account alice: ... (account_id=alice, balance=10)", and a "hint: ..."
// line.
[[nodiscard]] std::string text(const Failure& failure, bool colour);
// {"error": {"code", "reason", "message", "metadata", "hint", "exit_code"}}
[[nodiscard]] Json to_json(const Failure& failure);

}  // namespace sg::cli
