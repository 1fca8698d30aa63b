// Where other threads leave answers for the gateway's thread: a locked list, and a gRPC alarm that
// wakes the completion queue.
//
//   inbox->post({call, 0, std::move(answer)});     // on any thread
//   for (auto& completed : inbox->take()) ...      // on the gateway's thread, when the alarm rings
//
// Concurrency: thread-safe. It outlives the server, because requests hold it: what they post after
// close() is dropped.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "telemetry/metrics.hpp"

namespace sg::actors {

// An answer on its way back to its call. Each kind of request has its own subclass.
class Completion {
 public:
  Completion() = default;
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;
  virtual ~Completion() = default;
};

// A completion, and the call that it is for.
struct Completed {
  std::uint64_t call = 0;  // Call::id()
  std::uint64_t part = 0;  // which request of a stream; what else it means is up to the call
  std::shared_ptr<Completion> completion;  // null: lost on the way, the outcome is unknown
  telemetry::CountsByParties lost{};       // the transfers that the coordinator had
};

// The completion as the type that the call expects. Throws std::bad_cast if it is another one.
// Needs: it was not lost.
template <class Expected>
Expected& as(const Completed& completed) {
  return dynamic_cast<Expected&>(*completed.completion);
}

class Inbox {
 public:
  // `tag` is the tag of the event that the alarm puts into `queue`. Needs: both stand until
  // close().
  Inbox(grpc::CompletionQueue* queue, void* tag) : queue_(queue), tag_(tag) {}

  // Leaves an answer and wakes the gateway's thread. After close() it does nothing.
  void post(Completed completed) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    waiting_.push_back(std::move(completed));
    ring();
  }
  // Wakes the gateway's thread without an answer, for example to look at a flag.
  void wake() {
    const std::lock_guard lock(mutex_);
    if (!closed_) ring();
  }
  // The answers since the last call. Called by the gateway's thread when the alarm rang.
  std::vector<Completed> take() {
    const std::lock_guard lock(mutex_);
    rung_ = false;
    return std::exchange(waiting_, {});
  }
  // From here on nothing touches the queue, which may be shut down.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    waiting_.clear();
  }

 private:
  // Sets the alarm unless it is set: many answers then cost one wake-up. Needs: mutex_ is held.
  void ring() {
    if (std::exchange(rung_, true)) return;
    alarm_.Set(queue_, gpr_time_0(GPR_CLOCK_MONOTONIC), tag_);
  }

  std::mutex mutex_;  // guards what follows
  grpc::CompletionQueue* queue_;
  void* tag_;
  grpc::Alarm alarm_;
  std::vector<Completed> waiting_;
  bool rung_ = false;    // the alarm is set, and take() was not called since
  bool closed_ = false;  // close() was called
};

using InboxPtr = std::shared_ptr<Inbox>;

}  // namespace sg::actors
