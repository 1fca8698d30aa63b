#include "actors/gateway/methods/rpc_query.hpp"

#include <exception>

namespace sg::actors {

// An exception here must not end the actor that answers, so it becomes the response.
RpcQuery::Response RpcQuery::make_response() const {
  if (!result) return tl::unexpected(result.error());
  try {
    return encode_(*result);
  } catch (const std::exception& error) {
    return tl::unexpected(
        ledger::Error{ledger::Reason::internal, error.what(), {}, ledger::Outcome::none});
  }
}

void RpcQuery::on_answered() {
  auto answered = std::make_shared<Answered>(make_response());
  // Free thousands of rows here as well, and not on the gateway's thread.
  result = QueryAnswer{};
  inbox_->post({call_, 0, std::move(answered)});
}

}  // namespace sg::actors
