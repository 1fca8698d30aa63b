// A query that came by RPC, and finds the way back to its call.
//
//   auto query = std::make_shared<RpcQuery>(call, encode);
//   query->ask = AccountById{"alice"};
//   call.ask(std::move(query));               // later: Answered, on the gateway's thread
//
// The response is made on the thread that answers the query, because a large one would hold up the
// gateway's thread. If the query is dropped without an answer, its call learns that it was lost.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <memory>

#include "actors/gateway/transport/call.hpp"
#include "actors/gateway/transport/inbox.hpp"
#include "actors/gateway/transport/unary_call.hpp"
#include "actors/query.hpp"

namespace sg::actors {

class RpcQuery final : public Query, public std::enable_shared_from_this<RpcQuery> {
 public:
  // The bytes of the response, or the error that the call fails with.
  using Response = ledger::Result<grpc::ByteBuffer>;
  // Makes the response of an answer that is not an error. It may throw: that is an INTERNAL error.
  using Encode = Response (*)(const QueryAnswer& answer);

  // The response on its way to the gateway's thread.
  class Answered final : public UnaryCompletion {
   public:
    explicit Answered(Response response) : response_(std::move(response)) {}
    void respond(UnaryCall& call) override {
      if (!response_) return call.fail(response_.error());
      call.reply(*response_);
    }
    const Response& response() const { return response_; }

   private:
    Response response_;
  };

  // Needs: on the gateway's thread. The query holds the inbox and not the call, which may end
  // first.
  RpcQuery(Call& call, Encode encode)
      : inbox_(call.server().inbox()), call_(call.id()), encode_(encode) {}
  // Dropped without an answer: the call learns that the query was lost.
  ~RpcQuery() override {
    if (!answered()) inbox_->post({call_, 0, nullptr});
  }

 private:
  // Makes the response and posts it, on the thread that answers.
  void on_answered() override;
  Response make_response() const;

  InboxPtr inbox_;
  std::uint64_t call_;  // Call::id()
  Encode encode_;
};

}  // namespace sg::actors
