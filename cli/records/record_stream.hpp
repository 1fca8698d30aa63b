// The ledger's records from a sequence on, message by message.
//
//   RecordStream stream(connection, 1, 0);
//   wire::ExportResponse response;
//   while (auto got = stream.read(response)) { if (!*got) break; ... }
//
// An overloaded ledger is asked again for what is missing. Nothing is passed over: records without
// a gap, and no field that this program does not know.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <tl/expected.hpp>
#include <utility>

#include "cli/records/record_fields.hpp"
#include "cli/records/retries.hpp"
#include "cli/session/connection.hpp"

namespace sg::cli {

// For one thread. Needs: the connection outlives it.
class RecordStream {
 public:
  // `until` is the last sequence; 0: the last that is durable when the first message comes.
  RecordStream(Connection& connection, std::uint64_t first, std::uint64_t until)
      : connection_(connection), next_(first), until_(until) {}
  ~RecordStream() { cancel(); }
  RecordStream(const RecordStream&) = delete;
  RecordStream& operator=(const RecordStream&) = delete;

  // The next message. False: there is no more.
  [[nodiscard]] tl::expected<bool, Failure> read(scalegraph::ledger::ExportResponse& into) {
    for (;;) {
      if (!reader_) begin();
      into.Clear();
      if (reader_->Read(&into)) {
        if (auto wrong = check(into)) return tl::unexpected(std::move(*wrong));
        backoff_.reset();
        return true;
      }
      const auto status = std::exchange(reader_, nullptr)->Finish();
      if (status.ok()) {
        if (is_begun_ && next_ > until_) return false;
        return tl::unexpected(
            broken("EXPORT_ENDED", "the ledger's records ended before the last one"));
      }
      auto failure = of_call(explain(status, {}));
      if (!is_overloaded(failure) || !backoff_.wait()) return tl::unexpected(std::move(failure));
    }
  }

 private:
  void begin() {
    scalegraph::ledger::ExportRequest request;
    request.set_from_sequence(next_);
    request.set_until_sequence(until_);
    context_.emplace();
    reader_ =
        connection_.stub<scalegraph::ledger::ExportService::Stub>().Export(&*context_, request);
  }
  void cancel() {
    if (!reader_) return;
    context_->TryCancel();
    (void)std::exchange(reader_, nullptr)->Finish();
  }

  std::optional<Failure> check(const scalegraph::ledger::ExportResponse& response) {
    if (!std::exchange(is_begun_, true)) until_ = response.last_sequence();
    if (has_unknown_fields(response)) return unknown(next_);
    for (const auto& record : response.records()) {
      if (!is_known(record)) return unknown(record.sequence());
      if (record.sequence() != next_) {
        return broken("SEQUENCE_MISSING",
                      "the ledger left sequence " + std::to_string(next_) + " out");
      }
      ++next_;
    }
    return std::nullopt;
  }
  static Failure broken(const char* reason, std::string message) {
    return {.code = "DATA_LOSS",
            .reason = reason,
            .message = std::move(message),
            .metadata = {},
            .hint = {}};
  }
  static Failure unknown(std::uint64_t sequence) {
    return {.code = "UNIMPLEMENTED",
            .reason = "RECORD_UNKNOWN",
            .message = "sequence " + std::to_string(sequence) +
                       " has something that this program does not know",
            .metadata = {},
            .hint = "use the scalegraphctl of the ledger's version"};
  }

  Connection& connection_;
  std::uint64_t next_;
  std::uint64_t until_;
  bool is_begun_ = false;  // a message has come, and until_ is where the records end
  Backoff backoff_;
  std::optional<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReader<scalegraph::ledger::ExportResponse>> reader_;
};

}  // namespace sg::cli
