#include "security/certificate.hpp"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>

namespace sg::security {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Certificate = std::unique_ptr<X509, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;

std::unique_ptr<BIO, Free> reader(std::string_view bytes) {
  return std::unique_ptr<BIO, Free>(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

Certificate read_certificate(std::string_view pem) {
  const auto in = reader(pem);
  Certificate certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return certificate;
}

// A server cannot be asked for a passphrase: an encrypted key counts as unreadable.
int no_passphrase(char*, int, int, void*) { return 0; }

std::chrono::system_clock::time_point time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

}  // namespace

tl::expected<Validity, std::string> validity_of(std::string_view certificate_pem) {
  const auto certificate = read_certificate(certificate_pem);
  if (!certificate) return tl::unexpected(std::string("is no certificate in PEM"));
  return Validity{time_of(X509_get0_notBefore(certificate.get())),
                  time_of(X509_get0_notAfter(certificate.get()))};
}

tl::expected<void, std::string> check_certificates(std::string_view pem) {
  const auto in = reader(pem);
  bool has_one = false;
  for (;;) {
    const Certificate certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
    if (certificate) {
      has_one = true;
      continue;
    }
    const auto why = ERR_GET_REASON(ERR_peek_last_error());
    ERR_clear_error();
    if (why == PEM_R_NO_START_LINE && has_one) return {};
    return tl::unexpected(std::string(has_one ? "has a part that is no certificate in PEM"
                                              : "is no certificate in PEM"));
  }
}

tl::expected<void, std::string> check_pair(std::string_view certificate_pem,
                                           std::string_view key_pem) {
  const auto certificate = read_certificate(certificate_pem);
  if (!certificate) return tl::unexpected(std::string("the certificate is none in PEM"));
  const auto in = reader(key_pem);
  const Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, nullptr));
  const bool fits = key && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!key) {
    return tl::unexpected(std::string("the key is no private key in PEM without a passphrase"));
  }
  if (!fits) return tl::unexpected(std::string("the key is not that of the certificate"));
  return {};
}

}  // namespace sg::security
