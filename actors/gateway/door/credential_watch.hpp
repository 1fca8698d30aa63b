// Looks after the files that [tls] and [auth] name while the server runs: reads the tokens and keys
// again when they have changed, and tells when the server's certificate ends.
//
//   CredentialWatch watch(settings, [&](auto authenticator) { server.set_authenticator(...); });
//   watch.look();                     // at the start, and then every kLookEvery
//
// A file that is wrong changes nothing: what was read before stays in use, and the log says why.
// With nothing read before, nobody is let in until the file is right. gRPC takes up the server's
// own certificate and key by itself (credentials.hpp).
//
// Concurrency: not thread-safe; the gateway's actor owns it.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/gateway/door/tls_material.hpp"
#include "config/settings.hpp"
#include "security/authenticator.hpp"
#include "security/certificate.hpp"
#include "security/credential_files.hpp"

namespace sg::actors {

// What is wrong with one of the files, or nullopt: a file that cannot be read or parsed, a key that
// is not that of the certificate, a certificate that has expired or is not valid yet.
std::optional<std::string> wrong_credential_files(const config::Settings& settings);

// A warning about a certificate that ends, for the days that it has left: at 30, 7 and 1 days, and
// once it has expired. `told` is what was told before, and is changed. Nullopt: nothing new.
std::optional<std::string> expiry_warning(std::chrono::system_clock::time_point until,
                                          std::chrono::system_clock::time_point now, int& told);

class CredentialWatch {
 public:
  static constexpr std::chrono::milliseconds kLookEvery{500};
  using Use = std::function<void(std::shared_ptr<const security::Authenticator>)>;

  CredentialWatch(const config::Settings& settings, Use use, std::shared_ptr<TlsMaterial> material);
  // True if there is anything to look after.
  bool is_needed() const { return is_auth_on_ || tls_.is_on(); }
  void look();
  // When the certificate ends that the server shows; nullopt: it shows none.
  std::optional<std::chrono::system_clock::time_point> certificate_until() const;
  // The next look() reads anew, by these rules.
  void set_auth(const config::Auth& auth);

 private:
  void look_at_credentials();
  void look_at_certificate();

  bool is_auth_on_;
  bool has_read_ = false;
  bool must_read_ = false;  // the rules have changed
  security::CredentialFiles files_;
  Use use_;
  config::Tls tls_;
  std::shared_ptr<TlsMaterial> material_;
  std::string told_of_tls_;    // what was wrong with the files of [tls]
  std::string told_of_files_;  // what was wrong with tokens and keys
  bool has_used_ = false;      // some were right
  std::vector<std::filesystem::file_time_type> tls_times_;
  std::optional<security::Validity> validity_;
  int told_days_;  // of the last warning about the certificate
};

}  // namespace sg::actors
