// A channel to a ledger: what scalegraphctl and scalegraph-bench need to get past its door.
//
//   ChannelOptions options{.ca = "ca.pem", .token_file = "token"};
//   auto channel = open_channel("ledger.example:50051", options, arguments);
//   if (!channel) return fail(channel.error());
//
// Thread safety: free functions without state.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <memory>
#include <string>
#include <tl/expected.hpp>

namespace sg::client {

// Empty texts are not set. TLS is used as soon as one of its options is.
struct ChannelOptions {
  bool tls = false;         // with the certificates that this machine trusts, unless `ca` is set
  std::string ca;           // PEM file: who signs the server's certificate
  std::string certificate;  // PEM file: this client's own certificate, and its key
  std::string key;
  std::string server_name;  // that the certificate has to have, if it is not the address's host
  std::string token_file;   // its first line is the bearer token

  bool uses_tls() const {
    return tls || !ca.empty() || !certificate.empty() || !key.empty() || !server_name.empty();
  }
};

// Opens no connection yet. `target` is an address, or a list of addresses as gRPC writes it; then
// `server_name` has to be set with TLS. The error is a sentence: a file that cannot be read.
tl::expected<std::shared_ptr<grpc::Channel>, std::string> open_channel(
    const std::string& target, const ChannelOptions& options, grpc::ChannelArguments arguments);

}  // namespace sg::client
