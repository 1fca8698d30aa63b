// What was submitted and is not handed over yet, and when it is time to hand it over: a wake of the
// coordinator, and a group of the journal, cost more than a call. Pure: the caller has the clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include "ledger/submission.hpp"

namespace sg::actors {

class Gathering {
 public:
  // So many transfers are handed over, though more may follow.
  static constexpr std::size_t kTransfers = 256;
  // So many events of any call are handled first at most: others may keep the queue from ever being
  // empty. 64 unary calls are 192 events.
  static constexpr int kEvents = 256;
  // How long those that were submitted wait for the calls that answers have brought about: a client
  // needs 11 us for one.
  static constexpr std::chrono::microseconds kLinger{20};
  // And the first of them at most.
  static constexpr std::chrono::microseconds kLongestLinger{1'000};
  // So many transfers at once keep coordinator and journal at work for a while: they take what
  // processors there are.
  static constexpr std::size_t kLarge = 4'096;

  void add(ledger::SubmissionPtr submission, ledger::SteadyTime now) {
    if (submissions_.empty()) first_at_ = now;
    last_at_ = now;
    transfers_ += submission->items();
    submissions_.push_back(std::move(submission));
  }
  // Somebody who had submitted was answered, and is likely to call again.
  void answered() { ++answered_; }
  // The queue gave an event, whatever of.
  void event() {
    if (!submissions_.empty()) ++events_;
  }

  bool empty() const { return submissions_.empty(); }
  // It is time, though the queue has more.
  bool is_full() const { return transfers_ >= kTransfers || events_ >= kEvents; }
  // It is time, for the queue is empty and nobody else is expected: who was answered has called
  // again, or had time enough. A group for all of them is cheaper than two.
  bool is_due(ledger::SteadyTime now) const {
    return submissions_.size() >= answered_ || now - last_at_ >= kLinger ||
           now - first_at_ >= kLongestLinger;
  }
  // What was taken last was large.
  bool was_large() const { return was_large_; }

  // All of them; begins anew.
  std::vector<ledger::SubmissionPtr> take() {
    was_large_ = transfers_ >= kLarge;
    transfers_ = 0;
    answered_ = 0;
    events_ = 0;
    return std::exchange(submissions_, {});
  }

 private:
  std::vector<ledger::SubmissionPtr> submissions_;
  std::size_t transfers_ = 0;
  std::size_t answered_ = 0;
  int events_ = 0;
  ledger::SteadyTime first_at_{};
  ledger::SteadyTime last_at_{};
  bool was_large_ = false;
};

}  // namespace sg::actors
