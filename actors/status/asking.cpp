#include "actors/status/asking.hpp"

#include <caf/send.hpp>
#include <future>
#include <memory>

#include "actors/queries/messages.hpp"

namespace sg::actors {
namespace {

// How old a node's answers may be. A page of a node that is cut off shows what it knows.
constexpr std::chrono::hours kOldest{24};

class AskedByPage final : public Query {
 public:
  std::future<ledger::Result<Answered>> answer() { return promise_.get_future(); }

 private:
  void on_answered() override {
    if (result) {
      promise_.set_value(Answered{std::move(*result), observed});
    } else {
      promise_.set_value(tl::unexpected(std::move(result.error())));
    }
  }

  std::promise<ledger::Result<Answered>> promise_;
};

ledger::Error unavailable(const char* what) {
  return {ledger::Reason::node_unavailable, what, {}, ledger::Outcome::none};
}

}  // namespace

ledger::Result<Answered> answer_of(const caf::actor& queries, QueryAsk ask) {
  if (!queries) return tl::unexpected(unavailable("the queries actor is restarting: try again"));
  auto query = std::make_shared<AskedByPage>();
  query->ask = std::move(ask);
  query->freshness = StaleRead{kOldest};
  auto answer = query->answer();
  const std::weak_ptr<Query> asked = query;
  // Whoever drops the query breaks its promise, so nothing else may hold it.
  caf::anon_send(queries, AnswerQueries{{std::move(query)}});
  if (answer.wait_for(kLongestAnswer) != std::future_status::ready) {
    if (const auto late = asked.lock()) late->cancelled = true;
    return tl::unexpected(unavailable("the queries actor does not answer in time: try again"));
  }
  try {
    return answer.get();
  } catch (const std::future_error&) {
    return tl::unexpected(unavailable("the queries actor is restarting: try again"));
  }
}

}  // namespace sg::actors
