// One request to change the ledger, on its way through the actors: a unary call, or a batch with
// many items. It travels by pointer from the gateway to the coordinator, and its results come back
// in it.
//
// Every submission is answered. If its last holder drops it unanswered, its owner answers the
// caller with "outcome unknown" (see RpcSubmission's destructor). So no crash of an actor leaves a
// caller waiting.
//
// Concurrency: one actor at a time works on a submission. Only `cancelled`, answer() and answered()
// may be used from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "ledger/account.hpp"
#include "ledger/error.hpp"
#include "ledger/ids.hpp"
#include "ledger/origin.hpp"
#include "ledger/reversal.hpp"
#include "ledger/transfer.hpp"

namespace sg::ledger {

// Deadlines use the steady clock, so that a jump of the wall clock expires none.
using SteadyTime = std::chrono::steady_clock::time_point;

// One or more transfers. With `atomic` all of them are one lock unit: all commit, or none.
struct TransferBatch {
  std::vector<Transfer> transfers;
  bool atomic = false;
};

// What became of an idempotency key? It waits for a request that has the key and is not decided.
struct KeyRequest {
  Transfer key_alone;  // nothing of it is set but the key and its hash
  bool seals = false;  // a key that nothing has bound is bound to "never"
};

// What a submission asks for. A new alternative makes the compiler name each place that has to
// decide what it means: locks, refusals, booking, applying.
using Operation = std::variant<TransferBatch, NewAccount, NewParticipant, KeyRequest>;

// Makes one visitor of several lambdas, one for each alternative of a variant.
template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

// What became of one item.
struct ItemResult {
  enum class State : std::uint8_t {
    undecided,  // neither committed nor refused yet
    joined,     // waits for the outcome of an earlier item with the same idempotency key
    committed,  // it has a sequence
    refused,
    // Of a key, beside `committed`:
    unbound,
    sealed,
  };

  State state = State::undecided;
  // With `committed`: an earlier request with the key did it, which may have been taken back since.
  bool replayed = false;
  // With `committed` and `sealed`: the record that did it, and the time of its block. With
  // `unbound`: no record up to this one has the key.
  Sequence sequence = 0;
  TimeMs time = 0;
  // It was decided, and not refused.
  bool is_answer() const {
    return state == State::committed || state == State::unbound || state == State::sealed;
  }
  // With `refused`. Items that joined one another share it.
  std::shared_ptr<const Error> error;
};

// When a submission passed the stages of its way. Of one with several items or groups: the last. A
// stage that it did not reach has the default value.
struct WriteTimes {
  SteadyTime received{};     // its call came
  SteadyTime formed{};       // the coordinator has put it into a batch
  SteadyTime voted{};        // every shard has voted
  SteadyTime locked{};       // and granted: later than `voted` if it had to wait for locks
  SteadyTime handed_over{};  // the journal has given its group to the store
  SteadyTime durable{};      // of its group: on the disk, or on those of a majority
};

// A lock that was not free when a shard judged the submission.
struct LockWait {
  std::string account_id;
  std::uint32_t shard = 0;
  std::uint64_t held = 0;      // undecided debits of the account, then
  std::uint64_t incoming = 0;  // undecided credits

  static constexpr std::size_t kMost = 16;  // that are kept of a submission
};

// By what the call is found in the logs of every node that works on it, as its client gave them.
struct Trace {
  std::string request_id;
  std::string traceparent;  // W3C Trace Context
};

class Submission : public std::enable_shared_from_this<Submission> {
 public:
  Submission() = default;
  Submission(const Submission&) = delete;
  Submission& operator=(const Submission&) = delete;
  virtual ~Submission() = default;

  // --- written before it is handed in ---
  Operation operation;
  // One per item; an item that its checks refused is `refused` from the start.
  std::vector<ItemResult> results;
  // When the caller stops waiting. Like `cancelled`, it counts until the commit is handed to the
  // journal.
  SteadyTime deadline = SteadyTime::max();
  OriginPtr origin;                    // who sent it: the chain keeps it with what commits
  std::shared_ptr<const Trace> trace;  // of a node's client that gave one; null: none
  // `received` by its caller, the others by who works on it.
  WriteTimes times;
  // The node that hands it over wants to know which of its results are `replayed`.
  bool tells_replays = false;

  // Set by the caller at any time. It counts until the commit is handed to the journal; after that
  // only the outcome does.
  std::atomic<bool> cancelled{false};

  // The transfers that it asks for, or the one that stands for a key; empty with other operations.
  std::span<const Transfer> transfers() const {
    if (const auto* batch = std::get_if<TransferBatch>(&operation)) return batch->transfers;
    const auto* key = std::get_if<KeyRequest>(&operation);
    return key != nullptr ? std::span(&key->key_alone, 1) : std::span<const Transfer>();
  }
  // Null unless it asks for a key.
  const KeyRequest* key_request() const { return std::get_if<KeyRequest>(&operation); }
  bool is_atomic() const {
    const auto* batch = std::get_if<TransferBatch>(&operation);
    return batch != nullptr && batch->atomic;
  }
  // The reversal that the item is, once it was worked out; else null.
  const Reversal* reversal_of(std::uint32_t item) const {
    return reversals ? reversals->of_item[item] : nullptr;
  }
  // How many results it has: one for each transfer, or one for another operation.
  std::size_t items() const {
    const auto count = transfers().size();
    return count == 0 ? 1 : count;
  }

  // The coordinator calls this when every item is decided and everything that the results show is
  // durable. Only the first call has an effect.
  void answer() {
    if (!answered_.exchange(true)) on_answered();
  }
  bool answered() const { return answered_.load(); }

  // --- the gateway's own ---
  bool is_handed_over = false;  // it is on its way to the coordinator

  // --- the coordinator's own ---
  std::uint32_t undecided = 0;           // items
  bool keyed = false;                    // at least one transfer has an idempotency key
  bool claims = false;                   // at least one has a claim (ledger/flow/claim.hpp)
  std::unique_ptr<Reversals> reversals;  // null: it has none
  Sequence observed = 0;                 // the last sequence that any of the results shows
  std::vector<LockWait> waits;           // the first of them
  bool shows_state = false;  // some result was not decided by a commit: a refusal, or a replay

 private:
  // Sends the results to whoever waits for them. Called at most once, on the thread that answers.
  virtual void on_answered() = 0;

  std::atomic<bool> answered_{false};
};

using SubmissionPtr = std::shared_ptr<Submission>;

// True when the item is a transfer with an idempotency key.
inline bool has_key(const Submission& submission, std::size_t item) {
  return item < submission.transfers().size() &&
         !submission.transfers()[item].idempotency_key.empty();
}
// True when any item is.
inline bool has_any_key(const Submission& submission) {
  for (std::size_t i = 0; i < submission.transfers().size(); ++i) {
    if (has_key(submission, i)) return true;
  }
  return false;
}

}  // namespace sg::ledger
