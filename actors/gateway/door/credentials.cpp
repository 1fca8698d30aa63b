// gRPC's C++ interface has no TLS credentials that keep what they have when new files are wrong:
// its watcher of files drops the old certificate first. Its C interface has: it asks before each
// handshake whether there is something new. So these are credentials of our own, over that.
#include "actors/gateway/door/credentials.hpp"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/grpc_security_constants.h>

#include <utility>

namespace sg::actors {
namespace {

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

// gRPC's own default for the version of TLS is at least 1.2.
class TlsCredentials final : public grpc::ServerCredentials {
 public:
  TlsCredentials(config::ClientCertificates wanted, std::shared_ptr<const TlsMaterial> material)
      : material_(std::move(material)),
        credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(request_for(wanted),
                                                                            fetch, this))) {}
  ~TlsCredentials() override { grpc_server_credentials_release(credentials_); }

  // Callers are checked by the gatekeeper.
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  // gRPC calls it before each handshake, one at a time.
  static grpc_ssl_certificate_config_reload_status fetch(
      void* self, grpc_ssl_server_certificate_config** into) {
    auto& credentials = *static_cast<TlsCredentials*>(self);
    const auto files = credentials.material_->newer_than(credentials.seen_);
    if (!files) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pair{files->key.c_str(), files->certificate.c_str()};
    // gRPC insists on roots, though without client_ca no client is asked for a certificate.
    const auto& roots = files->client_ca.empty() ? files->certificate : files->client_ca;
    *into = grpc_ssl_server_certificate_config_create(roots.c_str(), &pair, 1);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  std::shared_ptr<const TlsMaterial> material_;
  std::uint64_t seen_ = 0;  // the version of the material that gRPC has
  grpc_server_credentials* credentials_;
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> server_credentials(
    const config::Tls& tls, std::shared_ptr<const TlsMaterial> material) {
  if (!tls.is_on()) return grpc::InsecureServerCredentials();
  return std::make_shared<TlsCredentials>(tls.client_certificates, std::move(material));
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
