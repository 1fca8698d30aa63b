#include "actors/gateway/methods/explain.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include "actors/gateway/transport/rpc_server.hpp"
#include "ledger/ids.hpp"
#include "proto/conversion.hpp"
#include "proto/ledger.pb.h"

namespace sg::actors {

namespace wire = scalegraph::ledger;
using ledger::SteadyTime;

namespace {

void add_stage(wire::ExplainTransactionResponse& to, const char* name, SteadyTime from,
               SteadyTime until) {
  if (from == SteadyTime{} || until == SteadyTime{} || until < from) return;
  auto& stage = *to.add_stages();
  stage.set_name(name);
  stage.set_duration_ns(std::chrono::nanoseconds(until - from).count());
}

// What was refused has not passed all stages: the last that it passed is followed by the answer.
void add_stages(wire::ExplainTransactionResponse& to, const RecentWrite& write) {
  const auto& times = write.times;
  add_stage(to, "queue", times.received, times.formed);
  add_stage(to, "vote", times.formed, times.voted);
  if (times.locked > times.voted) add_stage(to, "lock", times.voted, times.locked);
  add_stage(to, "journal", times.locked, times.handed_over);
  add_stage(to, "commit", times.handed_over, times.durable);
  auto last = times.received;
  for (const auto time : {times.formed, times.voted, times.locked, times.durable}) {
    last = std::max(last, time);
  }
  add_stage(to, "reply", last, write.answered);
}

void fill(wire::ExplainTransactionResponse& to, const RecentWrite& write) {
  to.set_request_id(write.request_id);
  to.set_method(std::string(write.method));
  to.set_caller(write.caller);
  const auto took =
      std::chrono::ceil<std::chrono::milliseconds>(write.answered - write.times.received);
  to.set_received_at(write.ended - took.count());
  add_stages(to, write);
  to.set_items(write.items);
  to.set_committed(write.committed);
  for (const auto& range : write.ranges) {
    auto& told = *to.add_ranges();
    told.set_first(static_cast<std::int64_t>(range.first));
    told.set_last(static_cast<std::int64_t>(range.last));
  }
  for (const auto& refused : write.refusals) {
    auto& told = *to.add_refusals();
    told.set_item(refused.item);
    proto::fill(*told.mutable_error(), with_correlation_id(*refused.error));
  }
  for (const auto shard : write.shards) to.add_shards(shard);
  for (const auto& wait : write.waits) {
    auto& told = *to.add_waits();
    told.set_account_id(wait.account_id);
    told.set_shard(wait.shard);
    told.set_undecided_debits(wait.held);
    told.set_undecided_credits(wait.incoming);
  }
}

}  // namespace

void explain_transaction(UnaryCall& call) {
  wire::ExplainTransactionRequest request;
  if (!call.parse_request(request)) return;
  if (const auto error = ledger::check_id(request.id(), "id")) return call.fail(*error);
  const auto& writes = call.server().recent_writes();
  const auto place = ledger::parse_transaction_id(request.id());
  const auto* write = place ? writes.of_sequence(place->sequence) : writes.of_request(request.id());
  if (write == nullptr) {
    return call.fail({ledger::Reason::transaction_not_found,
                      "no recent write is known by this id: a server keeps the last " +
                          std::to_string(RecentWrites::kPlaces) +
                          " that it answered itself, by the ids of their transactions and by the "
                          "request ids that clients gave them or that stand in errors",
                      {{"id", request.id()}},
                      ledger::Outcome::none});
  }
  wire::ExplainTransactionResponse response;
  fill(response, *write);
  call.reply(response);
}

}  // namespace sg::actors
