// AdminService.Verify: a stream of progress messages while the chain is walked, and then the
// report.
#pragma once

#include "actors/gateway/methods/progress_call.hpp"

namespace sg::actors {

class VerifyCall final : public ProgressCall {
 public:
  using ProgressCall::ProgressCall;

 private:
  QueryResult make_query(grpc::ByteBuffer& request) override;
  std::string stopping_text() const override;
};

}  // namespace sg::actors
