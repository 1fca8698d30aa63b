// One request to change the ledger on its way through the house: a unary call, or a batch with many
// items. It is moved by pointer; who holds it last and has not answered it makes its owner answer
// "outcome unknown", so no crash of an actor leaves a caller waiting.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "ledger/account.hpp"
#include "ledger/error.hpp"
#include "ledger/ids.hpp"
#include "ledger/transfer.hpp"

namespace sg::ledger {

using SteadyTime = std::chrono::steady_clock::time_point;

struct ItemResult {
  enum class State : std::uint8_t {
    undecided,
    joined,  // waits for the outcome of an earlier item with the same idempotency key
    committed,
    refused,
  };

  State state = State::undecided;
  // With `committed`.
  Sequence sequence = 0;
  TimeMs time = 0;
  // With `refused`; shared by the items that joined one another.
  std::shared_ptr<const Error> error;
};

class Submission : public std::enable_shared_from_this<Submission> {
 public:
  Submission() = default;
  Submission(const Submission&) = delete;
  Submission& operator=(const Submission&) = delete;
  virtual ~Submission() = default;

  // --- written before it is handed in ---
  // Either transfers or exactly one creation.
  std::vector<Transfer> transfers;
  bool atomic = false;  // all transfers are one lock unit
  std::optional<NewAccount> new_account;
  std::optional<NewParticipant> new_participant;
  // One per item; an item that its checks refused is `refused` from the start.
  std::vector<ItemResult> results;
  SteadyTime deadline = SteadyTime::max();

  // Set by the caller at any time; heeded until the commit is handed to the journal.
  std::atomic<bool> cancelled{false};

  std::size_t items() const { return transfers.empty() ? 1 : transfers.size(); }

  // Called once by the coordinator, when every item is decided and all that the results show is
  // durable.
  void answer() {
    if (!answered_.exchange(true)) on_answered();
  }
  bool answered() const { return answered_.load(); }

  // --- the coordinator's own ---
  std::uint32_t undecided = 0;
  bool keyed = false;     // a transfer has an idempotency key
  Sequence observed = 0;  // the last sequence that any of the results shows

 private:
  virtual void on_answered() = 0;

  std::atomic<bool> answered_{false};
};

using SubmissionPtr = std::shared_ptr<Submission>;

// Whether the item is a transfer with an idempotency key.
inline bool has_key(const Submission& submission, std::size_t item) {
  return item < submission.transfers.size() && !submission.transfers[item].idempotency_key.empty();
}
inline bool has_any_key(const Submission& submission) {
  for (std::size_t i = 0; i < submission.transfers.size(); ++i) {
    if (has_key(submission, i)) return true;
  }
  return false;
}

}  // namespace sg::ledger
