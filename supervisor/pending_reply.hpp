// A reply that the supervisor owes to a requester. CAF tells the requester nothing when a response
// promise is dropped, so the requester would wait for ever. PendingReply answers such a request
// with sec::request_receiver_down when it is destroyed.
//
//   PendingReply reply(self->make_response_promise());
//   reply.deliver(Ready{});  // or an error; at most once
//
// Concurrency. Move-only; used only by the actor that made the promise.
#pragma once

#include <caf/error.hpp>
#include <caf/response_promise.hpp>
#include <caf/sec.hpp>
#include <utility>

namespace sg::supervisor {

class PendingReply {
 public:
  // Takes over a promise that nobody has answered.
  explicit PendingReply(caf::response_promise promise) : promise_(std::move(promise)) {}
  PendingReply(PendingReply&&) = default;
  PendingReply& operator=(PendingReply&&) = delete;
  // A promise that was moved from or delivered is not pending.
  ~PendingReply() {
    if (promise_.pending()) promise_.deliver(caf::make_error(caf::sec::request_receiver_down));
  }

  // Answers the request with a message or a caf::error. Needs: not answered before.
  template <class T>
  void deliver(T&& value) {
    promise_.deliver(std::forward<T>(value));
  }

 private:
  caf::response_promise promise_;
};

}  // namespace sg::supervisor
