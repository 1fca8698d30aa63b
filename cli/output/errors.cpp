// From gRPC statuses to failures. The important question after a failed write is whether it may
// have taken effect:
// - The ledger says so itself: its ErrorInfo has "outcome", which is "none" or "unknown".
// - Without ErrorInfo the connection may have broken after the request had arrived. Then nobody
//   knows.
#include "cli/output/errors.hpp"

#include <array>
#include <optional>

#include "cli/output/text_width.hpp"
#include "proto/error_details.pb.h"

namespace sg::cli {
namespace {

constexpr std::string_view kLedgerDomain = "scalegraph";
// ErrorInfo that this program makes itself, for calls that were never sent.
constexpr std::string_view kOwnDomain = "scalegraphctl";

// Position i names the grpc::StatusCode of value i.
constexpr std::array<std::string_view, 17> kCodeNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

std::string code_name(grpc::StatusCode code) {
  const auto index = static_cast<std::size_t>(code);
  return index < kCodeNames.size() ? std::string(kCodeNames[index])
                                   : "CODE_" + std::to_string(static_cast<int>(code));
}

// The ErrorInfo of the ledger or of this program. Proxies on the way may add details of their own.
std::optional<google::rpc::ErrorInfo> error_info(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return std::nullopt;
  for (const auto& detail : details.details()) {
    google::rpc::ErrorInfo info;
    if (detail.Is<google::rpc::ErrorInfo>() && detail.UnpackTo(&info) &&
        (info.domain() == kLedgerDomain || info.domain() == kOwnDomain)) {
      return info;
    }
  }
  return std::nullopt;
}

// Codes that gRPC itself sets when no server answers. The ledger uses them too, with ErrorInfo.
bool no_answer(grpc::StatusCode code) {
  return code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::DEADLINE_EXCEEDED;
}

// The word of the ledger counts. Without it, the call may have been carried out if gRPC ended it
// with one of these codes.
bool outcome_unknown(const Failure& failure, bool ledger_spoke, grpc::StatusCode code) {
  const auto outcome = failure.metadata.find("outcome");
  if (outcome != failure.metadata.end()) return outcome->second == "unknown";
  return !ledger_spoke && (no_answer(code) || code == grpc::StatusCode::CANCELLED ||
                           code == grpc::StatusCode::INTERNAL || code == grpc::StatusCode::UNKNOWN);
}

// What to do when the outcome is unknown. Reads may simply be repeated.
std::string advice(const Attempt& attempt) {
  switch (attempt.effect) {
    case Effect::nothing:
      return {};
    case Effect::creation:
      return "the outcome is unknown; run the same command again, ALREADY_EXISTS means that it is "
             "done";
    case Effect::posting:
      if (attempt.key.empty()) {
        return "the outcome is unknown and there was no --key to retry with; look for the "
               "transaction with `scalegraphctl tx list` before sending it again";
      }
      return "the outcome is unknown; retry with the same --key " + attempt.key +
             " to get the one answer";
  }
  return {};
}

// " (account_id=alice, balance=10)", or nothing.
std::string metadata_text(const std::map<std::string, std::string>& metadata) {
  std::string out;
  for (const auto& [name, value] : metadata) {
    if (name == "outcome") continue;  // the hint says it
    out += (out.empty() ? " (" : ", ") + printable(name) + "=" + printable(value);
  }
  return out.empty() ? out : out + ")";
}

}  // namespace

grpc::Status unreachable(std::string_view server) {
  google::rpc::ErrorInfo info;
  info.set_reason("UNREACHABLE");
  info.set_domain(std::string(kOwnDomain));
  (*info.mutable_metadata())["outcome"] = "none";
  google::rpc::Status details;
  details.add_details()->PackFrom(info);
  return {grpc::StatusCode::UNAVAILABLE,
          "no server answers at " + std::string(server) +
              "; is scalegraphd running? --server or SCALEGRAPH_SERVER names another address",
          details.SerializeAsString()};
}

Failure explain(const grpc::Status& status, const Attempt& attempt) {
  Failure failure;
  failure.code = code_name(status.error_code());
  failure.reason = failure.code;
  failure.message = status.error_message();
  const auto info = error_info(status);
  const bool ledger_spoke = info && info->domain() == kLedgerDomain;
  if (info) {
    failure.reason = info->reason();
    failure.metadata.insert(info->metadata().begin(), info->metadata().end());
  }
  if (!ledger_spoke && no_answer(status.error_code())) failure.exit_code = kUnreachable;
  if (outcome_unknown(failure, ledger_spoke, status.error_code())) failure.hint = advice(attempt);
  return failure;
}

Failure explain(const scalegraph::ledger::TransferError& error) {
  return {.code = code_name(static_cast<grpc::StatusCode>(error.code())),
          .reason = error.reason(),
          .message = error.message(),
          .metadata = {error.metadata().begin(), error.metadata().end()},
          .hint = {}};
}

Failure bad_usage(std::string_view message) {
  return {.code = "INVALID_ARGUMENT",
          .reason = "USAGE",
          .message = std::string(message),
          .metadata = {},
          .hint = {},
          .exit_code = kUsage};
}

Failure output_lost() {
  return {.code = "DATA_LOSS",
          .reason = "OUTPUT_LOST",
          .message = command_line::kOutputLostMessage,
          .metadata = {},
          .hint =
              "free the disk or name another file; a posting that is sent again with the same "
              "--key has one effect",
          .exit_code = kOutputLost};
}

std::string text(const Failure& failure, bool colour) {
  std::string out = colour ? "\033[1;31merror:\033[0m " : "error: ";
  // For bad usage the reason is always USAGE, which tells an operator nothing.
  if (failure.exit_code != kUsage) out += printable(failure.reason) + ": ";
  out += printable(failure.message) + metadata_text(failure.metadata) + '\n';
  if (!failure.hint.empty()) out += "hint: " + printable(failure.hint) + '\n';
  return out;
}

Json to_json(const Failure& failure) {
  return {{"error",
           {{"code", failure.code},
            {"reason", failure.reason},
            {"message", failure.message},
            {"metadata", failure.metadata},
            {"hint", failure.hint},
            {"exit_code", static_cast<int>(failure.exit_code)}}}};
}

}  // namespace sg::cli
