// A query that came by RPC and finds its way back to its call.
#pragma once

#include <memory>

#include "actors/gateway/call.hpp"
#include "actors/gateway/inbox.hpp"
#include "actors/gateway/unary_call.hpp"
#include "actors/query.hpp"

namespace sg::actors {

class RpcQuery final : public Query, public std::enable_shared_from_this<RpcQuery> {
 public:
  // With a unary call: makes the response of an answer that is no error.
  using Respond = void (*)(QueryAnswer& answer, UnaryCall& call);

  // Carries the query back to the gateway's thread.
  class Answered final : public UnaryCompletion {
   public:
    explicit Answered(std::shared_ptr<RpcQuery> query) : query_(std::move(query)) {}
    void respond(UnaryCall& call) override {
      if (!query_->result) return call.fail(query_->result.error());
      query_->respond_(*query_->result, call);
    }
    RpcQuery& query() { return *query_; }

   private:
    std::shared_ptr<RpcQuery> query_;
  };

  RpcQuery(Call& call, Respond respond)
      : inbox_(call.server().inbox()), call_(call.id()), respond_(respond) {}
  ~RpcQuery() override {
    if (!answered()) inbox_->post({call_, 0, nullptr});
  }

 private:
  void on_answered() override {
    inbox_->post({call_, 0, std::make_shared<Answered>(shared_from_this())});
  }

  InboxPtr inbox_;
  std::uint64_t call_;
  Respond respond_;
};

}  // namespace sg::actors
