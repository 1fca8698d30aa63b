// Calls that one node hands to another, which leads, and what came of them.
//
//   call     := 1:u8 id term left_ms has:u8 [origin] [trace] operation
//                                                    left_ms 0: the caller waits for ever
//   has      := 1: origin | 2: trace | 4: the answer is to tell which items are replayed
//   origin   := caller:text peer:text                who sent it to the node where it came in
//   trace    := request_id:text traceparent:text     by what logs find it
//   operation:= 1:u8 atomic:u8 count item* | 2:u8 account | 3:u8 participant
//             | 4:u8 seals:u8 key:text               what became of a key
//   item     := kind:u8 entries:varint (account:text amount:signed)* reference:text key:text
//               [details:text]                       kind + 128: as persistence/chain/extension.hpp
//                                                    has them
//             | 0:u8                                 refused already, where it came in
//   cancel   := 2:u8 id                              its caller has gone
//   answer   := 3:u8 id observed errors:varint error* count (0:u8 | 1:u8 sequence time:signed
//             | 2:u8 error_index | 3:u8 sequence | 4:u8 sequence time:signed
//             | 5:u8 sequence time:signed)*          committed, refused, unbound, sealed, replayed
//   error    := reason:text outcome:u8 message:text facts:varint (name:text value:text)*
//   rejected := 4:u8 id                              nothing of it was carried out
//
// Details, traces and requests for keys are sent from level 7 on (persistence/log/log_row.hpp):
// then every node knows them. Numbers are varints. A reader takes memory in proportion to the bytes
// that came.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ledger/submission.hpp"
#include "replication/raft_types.hpp"

namespace sg::replication {

// `id` is unique among the calls of the node that forwards them.
struct ForwardedCall {
  std::uint64_t id = 0;
  Term term = 0;  // of the leader that is meant
  std::chrono::milliseconds left{0};
  ledger::OriginPtr origin;
  std::shared_ptr<const ledger::Trace> trace;
  bool tells_replays = false;
  // Views of `bytes` and `entries`, which live as long as the call.
  ledger::Operation operation;
  std::vector<ledger::ItemResult> results;
  std::string bytes;
  std::vector<ledger::Entry> entries;
  std::deque<ledger::Details> details;  // of the items that have some
};
struct CancelledCall {
  std::uint64_t id = 0;
};
struct CallAnswer {
  std::uint64_t id = 0;
  ledger::Sequence observed = 0;
  std::vector<ledger::ItemResult> results;  // undecided: refused already, where it came in
};
struct RejectedCall {
  std::uint64_t id = 0;
};

using CallMessage =
    std::variant<std::unique_ptr<ForwardedCall>, CancelledCall, CallAnswer, RejectedCall>;

// The error of an item that was refused where it came in, as the leader knows it.
inline constexpr std::string_view kRefusedElsewhere = "refused before it was forwarded";

std::string encode_call(std::uint64_t id, Term term, std::chrono::milliseconds left,
                        const ledger::Submission& submission);
std::string encode_cancel(std::uint64_t id);
// Needs: the submission was answered.
std::string encode_answer(std::uint64_t id, const ledger::Submission& submission);
std::string encode_rejection(std::uint64_t id);
// Nullopt: no node sends such bytes.
std::optional<CallMessage> decode_call_message(std::string bytes);

}  // namespace sg::replication
