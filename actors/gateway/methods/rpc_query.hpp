// A query that came by RPC and finds its way back to its call. Its response is made on the thread
// that answers it: large ones would hold up the gateway's.
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
  using Response = ledger::Result<grpc::ByteBuffer>;
  // Makes the response of an answer that is no error.
  using Encode = Response (*)(const QueryAnswer& answer);

  // Carries the response to the gateway's thread.
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

  RpcQuery(Call& call, Encode encode)
      : inbox_(call.server().inbox()), call_(call.id()), encode_(encode) {}
  ~RpcQuery() override {
    if (!answered()) inbox_->post({call_, 0, nullptr});
  }

 private:
  void on_answered() override;
  Response make_response() const;

  InboxPtr inbox_;
  std::uint64_t call_;
  Encode encode_;
};

}  // namespace sg::actors
