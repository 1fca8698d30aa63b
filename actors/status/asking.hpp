// Questions to actors from a thread that is no actor, such as one of the HTTP server. Each waits
// for a bounded time.
#pragma once

#include <caf/actor.hpp>
#include <caf/scoped_actor.hpp>
#include <chrono>
#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "actors/query.hpp"

namespace sg::actors {

inline constexpr std::chrono::seconds kLongestAnswer{3};

// What the actor answers. The error is a sentence.
template <class Answer, class Ask>
tl::expected<Answer, std::string> answer_of(const caf::actor& actor, Ask ask) {
  if (!actor) return tl::unexpected(std::string("it is not up"));
  caf::scoped_actor self(actor.home_system());
  tl::expected<Answer, std::string> answer = tl::unexpected(std::string("no answer"));
  self->request(actor, kLongestAnswer, std::move(ask))
      .receive([&](Answer& told) { answer = std::move(told); },
               [&](const caf::error& error) {
                 const bool is_late = error == caf::sec::request_timeout;
                 answer = tl::unexpected(
                     std::string(is_late ? "it does not answer in time" : "it has ended"));
               });
  return answer;
}

struct Answered {
  QueryAnswer answer;
  ledger::Sequence observed = 0;  // the last sequence that a balance in it reflects
};

// What the queries actor answers, on a node of a cluster from what this node has.
ledger::Result<Answered> answer_of(const caf::actor& queries, QueryAsk ask);

}  // namespace sg::actors
