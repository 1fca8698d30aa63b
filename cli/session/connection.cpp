#include "cli/session/connection.hpp"

#include <arpa/inet.h>
#include <grpcpp/support/channel_arguments.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "cli/output/errors.hpp"
#include "cli/session/arguments.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

std::string host_of(const std::string& server) {
  auto host = server.substr(0, server.rfind(':'));
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

// The addresses of one server, as gRPC writes them in a list. None: there is no such name.
std::vector<std::string> addresses_of(const std::string& server) {
  const auto host = host_of(server);
  const auto port = server.substr(server.rfind(':') + 1);
  addrinfo hints{};
  hints.ai_family = AF_INET6;
  hints.ai_flags = AI_V4MAPPED | AI_ALL;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  std::vector<std::string> addresses;
  for (const auto* at = found; at != nullptr; at = at->ai_next) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const auto& address = reinterpret_cast<const sockaddr_in6*>(at->ai_addr)->sin6_addr;
    ::inet_ntop(AF_INET6, &address, text.data(), text.size());
    addresses.push_back("[" + std::string(text.data()) + "]:" + port);
  }
  return addresses;
}

// gRPC has lists of addresses, and none of names.
std::string target_of(const std::string& servers) {
  const auto all = split_servers(servers);
  if (all.size() == 1) return servers;
  std::string target;
  for (const auto& server : all) {
    for (const auto& address : addresses_of(server)) {
      target.append(target.empty() ? "ipv6:" : ",").append(address);
    }
  }
  return target.empty() ? all.front() : target;
}

}  // namespace

tl::expected<std::unique_ptr<Connection>, std::string> Connection::open(
    std::string server, const client::ChannelOptions& options, std::chrono::milliseconds timeout) {
  grpc::ChannelArguments arguments;
  // gRPC refuses messages over 4 MiB by default. A page of large transactions is larger; the ledger
  // bounds pages itself.
  arguments.SetMaxReceiveMessageSize(-1);
  // The environment may name a web proxy, which does not lead to a ledger.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // The next address is tried while there is time for it. gRPC waits 20 s for each.
  auto wanted = options;
  const auto all = split_servers(server);
  const auto servers = static_cast<std::int64_t>(all.size());
  if (servers > 1) {
    if (wanted.uses_tls() && wanted.server_name.empty()) wanted.server_name = host_of(all[0]);
    const auto share = std::clamp<std::int64_t>(timeout.count() / servers, 1, 20'000);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, static_cast<int>(share));
  }
  auto channel = client::open_channel(target_of(server), wanted, std::move(arguments));
  if (!channel) return tl::unexpected(channel.error());
  return std::unique_ptr<Connection>(
      new Connection(std::move(server), options, std::move(*channel), timeout));
}

Connection::Connection(std::string server, client::ChannelOptions options,
                       std::shared_ptr<grpc::Channel> channel, std::chrono::milliseconds timeout)
    : server_(std::move(server)),
      options_(std::move(options)),
      timeout_(timeout),
      channel_(std::move(channel)),
      stubs_(wire::ParticipantService::NewStub(channel_), wire::LedgerService::NewStub(channel_),
             wire::CommandService::NewStub(channel_), wire::QueryService::NewStub(channel_),
             wire::AccountService::NewStub(channel_), wire::AdminService::NewStub(channel_),
             wire::ClusterService::NewStub(channel_), wire::BackupService::NewStub(channel_),
             wire::ExportService::NewStub(channel_), wire::ImportService::NewStub(channel_),
             grpc::health::v1::Health::NewStub(channel_)) {}

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
