#include "cli/session/connection.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <utility>

#include "cli/output/errors.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

std::shared_ptr<grpc::Channel> open(const std::string& server) {
  grpc::ChannelArguments arguments;
  // gRPC refuses messages over 4 MiB by default. A page of large transactions is larger; the ledger
  // bounds pages itself.
  arguments.SetMaxReceiveMessageSize(-1);
  // The environment may name a web proxy, which does not lead to a ledger.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(server, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

Connection::Connection(std::string server, std::chrono::milliseconds timeout)
    : server_(std::move(server)),
      timeout_(timeout),
      channel_(open(server_)),
      stubs_(wire::ParticipantService::NewStub(channel_), wire::LedgerService::NewStub(channel_),
             wire::AdminService::NewStub(channel_), wire::ClusterService::NewStub(channel_)) {}

grpc::Status Connection::connect() {
  const auto deadline = std::chrono::system_clock::now() + timeout_;
  for (;;) {
    // The state goes from idle or connecting to ready, or to a failure. gRPC would go on trying
    // after a failure. An operator wants to know at once.
    const grpc_connectivity_state state = channel_->GetState(/*try_to_connect=*/true);
    if (state == GRPC_CHANNEL_READY) return grpc::Status::OK;
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE || state == GRPC_CHANNEL_SHUTDOWN ||
        !channel_->WaitForStateChange(state, deadline)) {
      return unreachable(server_);
    }
  }
}

}  // namespace sg::cli
