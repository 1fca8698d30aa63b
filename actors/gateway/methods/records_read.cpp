#include "actors/gateway/methods/records_read.hpp"

#include <google/protobuf/arena.h>

#include <exception>
#include <utility>

#include "actors/gateway/methods/rpc_submission.hpp"
#include "actors/gateway/transport/rpc_server.hpp"
#include "actors/queries/answer_rows.hpp"

namespace sg::actors {
namespace {

std::string bytes_of(const persistence::StoredTransaction& transaction) {
  google::protobuf::Arena arena;
  auto& message = *google::protobuf::Arena::CreateMessage<wire::Transaction>(&arena);
  fill_whole(message, transaction);
  // Commands tell it whatever they have said beside.
  message.set_sequence(transaction.sequence);
  return message.SerializeAsString();
}

class RecordsQuery final : public Query {
 public:
  RecordsQuery(Call& call, std::uint64_t part, std::shared_ptr<RpcSubmission> submission)
      : inbox_(call.server().inbox()),
        call_(call.id()),
        part_(part),
        submission_(std::move(submission)) {}
  ~RecordsQuery() override {
    if (!answered()) tell(tl::unexpected(records_away_error()));
  }

 private:
  void on_answered() override { tell(records()); }
  // An exception here must not end the actor that answers.
  RecordsRead::Records records() const {
    if (!result) return tl::unexpected(result.error());
    try {
      std::vector<std::string> records;
      for (const auto& one : std::get<TransactionList>(*result)) records.push_back(bytes_of(one));
      return records;
    } catch (const std::exception& error) {
      return tl::unexpected(
          ledger::Error{ledger::Reason::internal, error.what(), {}, ledger::Outcome::unknown});
    }
  }
  void tell(RecordsRead::Records records) {
    inbox_->post({call_, part_, std::make_shared<RecordsRead>(submission_, std::move(records))});
  }

  InboxPtr inbox_;
  std::uint64_t call_;
  std::uint64_t part_;
  std::shared_ptr<RpcSubmission> submission_;
};

}  // namespace

RpcSubmission& RecordsRead::hand_over() {
  submission_->take_records(std::move(records_));
  return *submission_;
}

void RecordsRead::respond(UnaryCall& call) { hand_over().respond(call); }

ledger::Error records_away_error() {
  return {
      ledger::Reason::node_unavailable,
      "what was committed cannot be read at the moment: try again with the same idempotency key",
      {},
      ledger::Outcome::unknown};
}

ledger::Error unread_error(std::optional<ledger::Error> why, ledger::TimeMs time,
                           ledger::Sequence sequence) {
  auto error = why.value_or(ledger::Error{ledger::Reason::result_too_large,
                                          "the answer would be too large",
                                          {},
                                          ledger::Outcome::unknown});
  const auto id = ledger::transaction_id(time, sequence);
  error.message = "it is committed as transaction " + id + ", which was not read: " + error.message;
  error.metadata.emplace_back("transaction_id", id);
  error.outcome = ledger::Outcome::unknown;
  return error;
}

QueryPtr query_for_records(Call& call, std::uint64_t part, const RpcSubmission& submission) {
  const auto items = submission.items_to_read();
  if (items.empty()) return nullptr;
  auto self = std::const_pointer_cast<ledger::Submission>(submission.shared_from_this());
  auto query = std::make_shared<RecordsQuery>(
      call, part, std::static_pointer_cast<RpcSubmission>(std::move(self)));
  TransactionsAt ask;
  for (const auto item : items) ask.sequences.push_back(submission.results[item].sequence);
  query->ask = std::move(ask);
  query->freshness = ReadAtLeast{submission.observed};
  return query;
}

}  // namespace sg::actors
