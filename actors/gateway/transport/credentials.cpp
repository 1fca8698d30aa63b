#include "actors/gateway/transport/credentials.hpp"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

namespace sg::actors {
namespace {

constexpr unsigned kLookEverySeconds = 1;

grpc_ssl_client_certificate_request_type request_for(config::ClientCertificates wanted) {
  switch (wanted) {
    case config::ClientCertificates::none:
      break;
    case config::ClientCertificates::optional:
      return GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
    case config::ClientCertificates::required:
      return GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
  }
  return GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
}

}  // namespace

// gRPC's own default for the version of TLS is at least 1.2.
std::shared_ptr<grpc::ServerCredentials> server_credentials(const config::Tls& tls) {
  if (!tls.is_on()) return grpc::InsecureServerCredentials();
  auto files = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      tls.key.string(), tls.certificate.string(), tls.client_ca.string(), kLookEverySeconds);
  grpc::experimental::TlsServerCredentialsOptions options(std::move(files));
  options.watch_identity_key_cert_pairs();
  if (!tls.client_ca.empty()) options.watch_root_certs();
  options.set_cert_request_type(request_for(tls.client_certificates));
  return grpc::experimental::TlsServerCredentials(options);
}

std::vector<std::string_view> certificate_names(const grpc::AuthContext& context) {
  std::vector<std::string_view> names;
  if (!context.IsPeerAuthenticated()) return names;
  for (const char* property : {GRPC_X509_SAN_PROPERTY_NAME, GRPC_X509_CN_PROPERTY_NAME}) {
    for (const auto& value : context.FindPropertyValues(property)) {
      if (!value.empty()) names.emplace_back(value.data(), value.size());
    }
  }
  return names;
}

}  // namespace sg::actors
