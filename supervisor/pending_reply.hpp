// A reply that is owed. CAF tells a requester nothing when a promise is dropped; this one answers
// with request_receiver_down. Move-only; owned by the actor that made the promise.
#pragma once

#include <caf/error.hpp>
#include <caf/response_promise.hpp>
#include <caf/sec.hpp>
#include <utility>

namespace sg::supervisor {

class PendingReply {
 public:
  explicit PendingReply(caf::response_promise promise) : promise_(std::move(promise)) {}
  PendingReply(PendingReply&&) = default;
  PendingReply& operator=(PendingReply&&) = delete;
  ~PendingReply() {
    if (promise_.pending()) promise_.deliver(caf::make_error(caf::sec::request_receiver_down));
  }

  template <class T>
  void deliver(T&& value) {
    promise_.deliver(std::forward<T>(value));
  }

 private:
  caf::response_promise promise_;
};

}  // namespace sg::supervisor
