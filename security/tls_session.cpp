#include "security/tls_session.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace sg::security {
namespace {

constexpr std::size_t kReadAtOnce = 16'384;  // a record of TLS has at most so much

// What OpenSSL says of its last mistake, and forgets then.
std::string last_error() {
  std::array<char, 256> text{};
  const auto code = ERR_peek_last_error();
  ERR_error_string_n(code, text.data(), text.size());
  const auto* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason != nullptr ? reason : text.data();
}

tl::unexpected<std::string> failed(const char* key, const std::filesystem::path& file) {
  return tl::unexpected(std::string(key) + ": cannot use " + file.string() + ": " + last_error());
}

}  // namespace

tl::expected<TlsContext, std::string> make_tls_context(const std::filesystem::path& certificate,
                                                       const std::filesystem::path& key,
                                                       const std::filesystem::path& ca) {
  ERR_clear_error();
  TlsContext context(SSL_CTX_new(TLS_method()), SSL_CTX_free);
  if (!context) throw std::bad_alloc();
  // Nobody is there to be asked for a passphrase: a key that has one cannot be used.
  SSL_CTX_set_default_passwd_cb(context.get(), [](char*, int, int, void*) { return 0; });
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  // A resumed session would not show its certificate again.
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1) {
    return failed("cluster.certificate", certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return failed("cluster.key", key);
  }
  if (SSL_CTX_load_verify_locations(context.get(), ca.c_str(), nullptr) != 1) {
    return failed("cluster.ca", ca);
  }
  return context;
}

void TlsSession::Free::operator()(ssl_st* session) const { SSL_free(session); }

TlsSession::TlsSession(const TlsContext& context, Side side)
    : context_(context), session_(SSL_new(context.get())) {
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  if (!session_ || in == nullptr || out == nullptr) {
    BIO_free(in);
    BIO_free(out);
    throw std::bad_alloc();
  }
  SSL_set_bio(session_.get(), in, out);  // which owns both from here on
  if (side == Side::client) {
    SSL_set_connect_state(session_.get());
  } else {
    SSL_set_accept_state(session_.get());
  }
  // The client speaks first.
  (void)shake_hands();
}

tl::expected<void, std::string> TlsSession::shake_hands() {
  if (is_ready_) return {};
  ERR_clear_error();
  const int done = SSL_do_handshake(session_.get());
  if (done != 1) {
    const int why = SSL_get_error(session_.get(), done);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return {};
    const auto verified = SSL_get_verify_result(session_.get());
    const auto said = last_error();
    return tl::unexpected("TLS: " + (verified == X509_V_OK
                                         ? said
                                         : said + ": " + X509_verify_cert_error_string(verified)));
  }
  is_ready_ = true;
  const auto held = std::exchange(held_, {});
  return held.empty() ? tl::expected<void, std::string>{} : write(held);
}

tl::expected<void, std::string> TlsSession::read(std::string_view bytes, std::string& plain) {
  if (!bytes.empty() &&
      BIO_write(SSL_get_rbio(session_.get()), bytes.data(), static_cast<int>(bytes.size())) <= 0) {
    throw std::bad_alloc();
  }
  if (auto shaken = shake_hands(); !shaken || !is_ready_) return shaken;
  ERR_clear_error();
  for (;;) {
    const auto before = plain.size();
    plain.resize(before + kReadAtOnce);
    const int size = SSL_read(session_.get(), plain.data() + before, kReadAtOnce);
    plain.resize(before + static_cast<std::size_t>(std::max(size, 0)));
    if (size > 0) continue;
    const int why = SSL_get_error(session_.get(), size);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return {};
    if (why == SSL_ERROR_ZERO_RETURN) return tl::unexpected(std::string("TLS: the peer has ended"));
    return tl::unexpected("TLS: " + last_error());
  }
}

// Memory takes all of it at once, so nothing is written in part.
tl::expected<void, std::string> TlsSession::write(std::string_view plain) {
  if (!is_ready_) {
    held_.append(plain);
    return {};
  }
  ERR_clear_error();
  if (!plain.empty() &&
      SSL_write(session_.get(), plain.data(), static_cast<int>(plain.size())) <= 0) {
    return tl::unexpected("TLS: " + last_error());
  }
  return {};
}

void TlsSession::take(std::vector<char>& to) {
  BIO* out = SSL_get_wbio(session_.get());
  const auto size = BIO_ctrl_pending(out);
  const auto before = to.size();
  to.resize(before + size);
  const int taken = size == 0 ? 0 : BIO_read(out, to.data() + before, static_cast<int>(size));
  to.resize(before + static_cast<std::size_t>(std::max(taken, 0)));
}

bool TlsSession::peer_is(const std::string& host) const {
  X509* certificate = SSL_get0_peer_certificate(session_.get());
  if (certificate == nullptr) return false;
  // A certificate for *.example, or one whose name stands in the subject only, would be every
  // node's.
  constexpr unsigned kStrict = X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
  return X509_check_ip_asc(certificate, host.c_str(), 0) == 1 ||
         X509_check_host(certificate, host.c_str(), host.size(), kStrict, nullptr) == 1;
}

}  // namespace sg::security
