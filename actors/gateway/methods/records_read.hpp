// What a command has committed, read from its record, where the request does not say it: a reversal
// of all that is left, which another node has worked out; and what shows the present, the reversals
// of a transaction that an earlier request with the key has made.
//
//   if (auto query = query_for_records(call, part, submission)) ask(query);  // RecordsRead comes
//
// Concurrency: the messages are made on the thread that answers the query.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/gateway/transport/call.hpp"
#include "actors/gateway/transport/unary_call.hpp"
#include "actors/query.hpp"

namespace sg::actors {

class RpcSubmission;

// On its way back to the call. It keeps the submission.
class RecordsRead final : public UnaryCompletion {
 public:
  // Transactions as bytes, in the order of RpcSubmission::items_to_read(), those that the answer
  // has room for; or why they are not known.
  using Records = ledger::Result<std::vector<std::string>>;

  RecordsRead(std::shared_ptr<RpcSubmission> submission, Records records)
      : submission_(std::move(submission)), records_(std::move(records)) {}
  void respond(UnaryCall& call) override;
  // Gives the submission what was read. To be called once.
  RpcSubmission& hand_over();

 private:
  std::shared_ptr<RpcSubmission> submission_;
  Records records_;
};

// What Completed::part has in addition, when a stream gets RecordsRead.
inline constexpr std::uint64_t kRecordsPart = std::uint64_t{1} << 62;

// The error while the queries actor is away.
ledger::Error records_away_error();
// What is told of a record that was not read: it is committed, under that id. `why`: nullopt if the
// answer would have been too large.
ledger::Error unread_error(std::optional<ledger::Error> why, ledger::TimeMs time,
                           ledger::Sequence sequence);

// Needs: on the gateway's thread; the submission was answered. Null: nothing has to be read.
QueryPtr query_for_records(Call& call, std::uint64_t part, const RpcSubmission& submission);

}  // namespace sg::actors
