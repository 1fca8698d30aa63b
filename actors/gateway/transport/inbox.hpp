// Where other threads leave answers for the gateway's thread: a locked list and an alarm that wakes
// its completion queue. Outlives the server: what is posted after close() is dropped.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace sg::actors {

// An answer on its way back to its call.
class Completion {
 public:
  Completion() = default;
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;
  virtual ~Completion() = default;
};

struct Completed {
  std::uint64_t call = 0;
  std::uint64_t part = 0;                  // of a call with many: a stream's request
  std::shared_ptr<Completion> completion;  // null: lost on the way, the outcome is unknown
};

// The completion as what the call expects. Throws std::bad_cast when it is something else. Needs:
// it was not lost.
template <class Expected>
Expected& as(const Completed& completed) {
  return dynamic_cast<Expected&>(*completed.completion);
}

class Inbox {
 public:
  // Needs: `tag` stands until close().
  Inbox(grpc::CompletionQueue* queue, void* tag) : queue_(queue), tag_(tag) {}

  void post(Completed completed) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    waiting_.push_back(std::move(completed));
    ring();
  }
  // Wakes the gateway's thread without an answer.
  void wake() {
    const std::lock_guard lock(mutex_);
    if (!closed_) ring();
  }
  // Called by the gateway's thread when the alarm rang.
  std::vector<Completed> take() {
    const std::lock_guard lock(mutex_);
    rung_ = false;
    return std::exchange(waiting_, {});
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    waiting_.clear();
  }

 private:
  void ring() {
    if (std::exchange(rung_, true)) return;
    alarm_.Set(queue_, gpr_time_0(GPR_CLOCK_MONOTONIC), tag_);
  }

  std::mutex mutex_;
  grpc::CompletionQueue* queue_;
  void* tag_;
  grpc::Alarm alarm_;
  std::vector<Completed> waiting_;
  bool rung_ = false;
  bool closed_ = false;
};

using InboxPtr = std::shared_ptr<Inbox>;

}  // namespace sg::actors
