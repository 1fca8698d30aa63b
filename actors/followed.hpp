// A child of the root supervisor, as another actor follows it through its restarts.
//
//   Followed journal{self, kJournalId};
//   subscribe(self, root);
//   [this](const supervisor::ChildUp& up) { if (journal.is_up(up)) begin_anew(); }
//   [this](const supervisor::ChildDown& down) { if (journal.is_down(down)) forget(); }
//   [this](const Attached& message) { if (journal.is_sender()) take(message); }
#pragma once

#include <caf/actor.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/send.hpp>
#include <string_view>
#include <utility>

#include "actors/children.hpp"
#include "supervisor/messages.hpp"

namespace sg::actors {

class Followed {
 public:
  Followed(caf::scheduled_actor* self, std::string_view id) : self_(self), id_(id) {}

  // True when this tells of an incarnation that was not known yet; messages go to it from here on.
  bool is_up(const supervisor::ChildUp& up) {
    if (up.id != id_ || up.handle == handle_) return false;
    handle_ = up.handle;
    return true;
  }
  // True when this tells that the child is gone.
  bool is_down(const supervisor::ChildDown& down) {
    if (down.id != id_) return false;
    handle_ = nullptr;
    return true;
  }
  // Whether the incarnation that lives sent the message at hand. What a dead one said is dropped.
  bool is_sender() const { return sent_by(self_, handle_); }
  // Null between two incarnations.
  const caf::actor& handle() const { return handle_; }
  // False between two incarnations.
  explicit operator bool() const { return bool{handle_}; }
  // Without an incarnation the message is dropped.
  template <class Message>
  void send(Message message) const {
    if (handle_) caf::anon_send(handle_, std::move(message));
  }
  // The same, so that the receiver knows whom to answer.
  template <class Message>
  void request(Message message) const {
    if (handle_) caf::send_as(caf::actor_cast<caf::actor>(self_), handle_, std::move(message));
  }

 private:
  caf::scheduled_actor* self_;
  std::string_view id_;
  caf::actor handle_;
};

}  // namespace sg::actors
