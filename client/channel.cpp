// The token goes with each call by an interceptor: gRPC's own call credentials are refused on a
// channel without TLS, which is what a server on loopback may have.
#include "client/channel.hpp"

#include <arpa/inet.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/client_interceptor.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace sg::client {
namespace {

class AddToken final : public grpc::experimental::Interceptor {
 public:
  explicit AddToken(const std::string& header) : header_(header) {}
  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            grpc::experimental::InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      methods->GetSendInitialMetadata()->insert({"authorization", header_});
    }
    methods->Proceed();
  }

 private:
  const std::string& header_;
};

class AddTokenFactory final : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit AddTokenFactory(std::string header) : header_(std::move(header)) {}
  grpc::experimental::Interceptor* CreateClientInterceptor(
      grpc::experimental::ClientRpcInfo*) override {
    return new AddToken(header_);  // gRPC owns it
  }

 private:
  std::string header_;
};

// A name such as 127.evil.example is no address.
bool is_loopback(std::string_view host) {
  if (host == "localhost") return true;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.starts_with("::ffff:")) host.remove_prefix(7);
  if (host == "::1") return true;
  in_addr address{};
  constexpr std::uint32_t kLoopbackNet = 127;
  return ::inet_pton(AF_INET, std::string(host).c_str(), &address) == 1 &&
         ntohl(address.s_addr) >> 24 == kLoopbackNet;
}

// Whether every address of the target is one of this machine alone. In doubt not.
bool is_on_this_machine(std::string_view target) {
  if (target.starts_with("unix:")) return true;
  for (const std::string_view scheme : {"ipv4:", "ipv6:"}) {
    if (target.starts_with(scheme)) target.remove_prefix(scheme.size());
  }
  for (bool is_last = false; !is_last;) {
    const auto comma = target.find(',');
    is_last = comma == std::string_view::npos;
    const auto address = target.substr(0, comma);
    if (!is_loopback(address.substr(0, address.rfind(':')))) return false;
    target.remove_prefix(is_last ? target.size() : comma + 1);
  }
  return true;
}

tl::expected<std::string, std::string> read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    return tl::unexpected("cannot read " + path + ": " + std::generic_category().message(errno));
  }
  return bytes;
}

tl::expected<std::shared_ptr<grpc::ChannelCredentials>, std::string> credentials_of(
    const ChannelOptions& options) {
  if (!options.uses_tls()) return grpc::InsecureChannelCredentials();
  if (options.certificate.empty() != options.key.empty()) {
    return tl::unexpected(std::string("a client certificate and its key belong together"));
  }
  grpc::SslCredentialsOptions ssl;
  const std::pair<const std::string&, std::string&> files[] = {
      {options.ca, ssl.pem_root_certs},
      {options.certificate, ssl.pem_cert_chain},
      {options.key, ssl.pem_private_key}};
  for (const auto& [path, into] : files) {
    if (path.empty()) continue;
    auto bytes = read(path);
    if (!bytes) return tl::unexpected(bytes.error());
    into = std::move(*bytes);
  }
  return grpc::SslCredentials(ssl);
}

}  // namespace

tl::expected<std::shared_ptr<grpc::Channel>, std::string> open_channel(
    const std::string& target, const ChannelOptions& options, grpc::ChannelArguments arguments) {
  const auto credentials = credentials_of(options);
  if (!credentials) return tl::unexpected(credentials.error());
  if (!options.server_name.empty()) arguments.SetSslTargetNameOverride(options.server_name);
  if (options.token_file.empty()) {
    return grpc::CreateCustomChannel(target, *credentials, arguments);
  }
  if (!options.uses_tls() && !is_on_this_machine(target)) {
    return tl::unexpected("the token would go to " + target +
                          " in the clear: encrypt with --tls or --tls-ca");
  }
  auto text = read(options.token_file);
  if (!text) return tl::unexpected(text.error());
  const auto token = text->substr(0, text->find_first_of("\r\n"));
  if (token.empty()) {
    return tl::unexpected(options.token_file + " has no token in its first line");
  }
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> factories;
  factories.push_back(std::make_unique<AddTokenFactory>("Bearer " + token));
  return grpc::experimental::CreateCustomChannelWithInterceptors(target, *credentials, arguments,
                                                                 std::move(factories));
}

}  // namespace sg::client
