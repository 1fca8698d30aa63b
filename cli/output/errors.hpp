// What went wrong with a call, for people and for scripts.
//
// A refusal of the ledger carries google.rpc.ErrorInfo in grpc-status-details-bin. It decides the
// reason, the hint and the exit code:
//
//   error: INSUFFICIENT_FUNDS: account alice: ... (account_id=alice, balance=10)
//
// Operations are pure.
#pragma once

#include <grpcpp/support/status.h>

#include <map>
#include <string>
#include <string_view>

#include "cli/output/json.hpp"
#include "command_line/output.hpp"
#include "proto/ledger.pb.h"

namespace sg::cli {

// The exit codes of scalegraphctl. Scripts rely on the numbers.
enum ExitCode : int {
  kDone = 0,
  kRefused = 1,      // by the ledger
  kUsage = 2,        // bad command line or file
  kUnreachable = 3,  // no answer from a ledger
  // The command was done, but its answer could not be printed.
  kOutputLost = command_line::kOutputLost,
};

// What the failed call would have changed. Decides what to advise when the outcome is unknown.
enum class Effect { nothing, creation, posting };

// What was tried, for the advice after a failure.
struct Attempt {
  Effect effect = Effect::nothing;
  // The idempotency key of a posting. Empty if it had none.
  std::string key;
};

// One failure, ready to be printed.
struct Failure {
  // The name of the gRPC status code, such as "FAILED_PRECONDITION".
  std::string code;
  // The reason in ErrorInfo, such as "INSUFFICIENT_FUNDS". The same as `code` if there is no
  // ErrorInfo.
  std::string reason;
  std::string message;
  // Further facts in ErrorInfo, such as account_id and balance.
  std::map<std::string, std::string> metadata;
  // What to do now, as a sentence. Often empty.
  std::string hint;
  ExitCode exit_code = kRefused;
};

// The status for a server that could not be connected to. Its outcome is "none": nothing was sent.
[[nodiscard]] grpc::Status unreachable(std::string_view server);

// Turns the status of a failed call into a failure. Needs: the status is not OK.
//
// UNAVAILABLE and DEADLINE_EXCEEDED without ErrorInfo of the ledger mean that no ledger answered.
// They get kUnreachable, all others kRefused. If the call may have taken effect, the hint says how
// to find out.
[[nodiscard]] Failure explain(const grpc::Status& status, const Attempt& attempt);

// The same for one item of a batch, which the ledger has refused.
[[nodiscard]] Failure explain(const scalegraph::ledger::TransferError& error);

// A command line or a file that cannot be used. Exit code kUsage.
[[nodiscard]] Failure bad_usage(std::string_view message);

// The answer was printed but did not arrive. Exit code kOutputLost.
[[nodiscard]] Failure output_lost();

// One line as in the example above, and a "hint: ..." line if there is a hint.
[[nodiscard]] std::string text(const Failure& failure, bool colour);
// {"error": {"code", "reason", "message", "metadata", "hint", "exit_code"}}
[[nodiscard]] Json to_json(const Failure& failure);

}  // namespace sg::cli
