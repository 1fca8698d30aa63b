// Collects submissions, and says when it is time to hand them to the coordinator. A wake-up of the
// coordinator, and a group of the journal, cost more than a call. So it pays to hand over many at
// once.
//
//   gathering.add(submission, now);
//   if (gathering.is_full() || gathering.is_due(now)) send(gathering.take());
//
// It waits for the clients that were just answered, because they are likely to call again: an
// answered group of clients then becomes one new group. The wait is bounded by kLongestLinger.
//
// Pure: the caller has the clock. Concurrency: not thread-safe; the gateway's thread owns it.
#pragma once

#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include "ledger/submission.hpp"

namespace sg::actors {

class Gathering {
 public:
  // This many transfers are handed over even if more may follow.
  static constexpr std::size_t kTransfers = 256;
  // At most this many events are handled first: events of other calls may keep the queue from ever
  // being empty. 64 unary calls are 192 events.
  static constexpr int kEvents = 256;
  // How long to wait, after the last submission, for the calls of clients that were answered. A
  // client needs 11 us for one.
  static constexpr std::chrono::microseconds kLinger{20};
  // How long the first submission waits at most.
  static constexpr std::chrono::microseconds kLongestLinger{1'000};

  void add(ledger::SubmissionPtr submission, ledger::SteadyTime now) {
    if (submissions_.empty()) first_at_ = now;
    last_at_ = now;
    transfers_ += submission->items();
    submissions_.push_back(std::move(submission));
  }
  // A client whose submission was answered is likely to call again.
  void answered() { ++answered_; }
  // The completion queue gave an event, of any call.
  void event() {
    if (!submissions_.empty()) ++events_;
  }

  bool empty() const { return submissions_.empty(); }
  // True if it is time to hand over, even though the queue has more events.
  bool is_full() const { return transfers_ >= kTransfers || events_ >= kEvents; }
  // Flush: every client that was answered has called again, or the linger has expired. Asked while
  // the queue is empty.
  bool is_due(ledger::SteadyTime now) const {
    return submissions_.size() >= answered_ || now - last_at_ >= kLinger ||
           now - first_at_ >= kLongestLinger;
  }

  // Returns all of them, and begins anew.
  std::vector<ledger::SubmissionPtr> take() {
    transfers_ = 0;
    answered_ = 0;
    events_ = 0;
    return std::exchange(submissions_, {});
  }

 private:
  std::vector<ledger::SubmissionPtr> submissions_;
  std::size_t transfers_ = 0;      // items of submissions_
  std::size_t answered_ = 0;       // clients answered since the last take()
  int events_ = 0;                 // since the first submission
  ledger::SteadyTime first_at_{};  // when the first and the last one were added
  ledger::SteadyTime last_at_{};
};

}  // namespace sg::actors
