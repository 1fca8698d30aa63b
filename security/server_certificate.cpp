#include "security/server_certificate.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <utility>

namespace sg::security {
namespace {

using Now = std::function<ServerCertificate()>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

int no_passphrase(char*, int, int, void*) { return 0; }

Bio bio_of(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free};
}

bool use(SSL& session, const ServerCertificate& files) {
  const auto chain = bio_of(files.certificate);
  const auto secret = bio_of(files.key);
  const Certificate own(PEM_read_bio_X509(chain.get(), nullptr, no_passphrase, nullptr), X509_free);
  const Key key(PEM_read_bio_PrivateKey(secret.get(), nullptr, no_passphrase, nullptr),
                EVP_PKEY_free);
  if (!own || !key) return false;
  SSL_certs_clear(&session);
  if (SSL_use_certificate(&session, own.get()) != 1 ||
      SSL_use_PrivateKey(&session, key.get()) != 1) {
    return false;
  }
  for (;;) {
    const Certificate next(PEM_read_bio_X509(chain.get(), nullptr, no_passphrase, nullptr),
                           X509_free);
    if (!next) break;
    if (SSL_add1_chain_cert(&session, next.get()) != 1) return false;
  }
  return true;
}

// OpenSSL frees what stands at the index together with the context.
int index_of_now() {
  static const int index = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr,
      [](void*, void* now, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<Now*>(now); });
  return index;
}

}  // namespace

void show_certificate(ssl_ctx_st& context, std::function<ServerCertificate()> now) {
  SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION);
  SSL_CTX_set_options(&context, SSL_OP_NO_RENEGOTIATION);
  auto* held = new Now(std::move(now));
  SSL_CTX_set_ex_data(&context, index_of_now(), held);
  SSL_CTX_set_cert_cb(
      &context,
      [](SSL* session, void* from) {
        const bool is_used = use(*session, (*static_cast<const Now*>(from))());
        // The end of the file is an error for OpenSSL, and would be taken for one of the session.
        if (is_used) ERR_clear_error();
        return is_used ? 1 : 0;
      },
      held);
}

}  // namespace sg::security
