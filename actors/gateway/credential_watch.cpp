#include "actors/gateway/credential_watch.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <limits>
#include <system_error>
#include <utility>

#include "security/certificate.hpp"
#include "security/tls_session.hpp"

namespace sg::actors {
namespace {

using Clock = std::chrono::system_clock;
constexpr std::array kDaysLeft{30, 7, 1, 0};  // 0: it has expired
constexpr int kNothingTold = std::numeric_limits<int>::max();

security::AuthenticationRules rules_of(const config::Auth& auth) {
  return {auth.roles, auth.certificates, {auth.jwt_issuer, auth.jwt_audience, auth.jwt_clock_skew}};
}

// The validity of the server's certificate, if its key fits.
tl::expected<security::Validity, std::string> read_pair(const config::Tls& tls) {
  const auto certificate = security::read_small_file(tls.certificate);
  if (!certificate) return tl::unexpected("tls.certificate: " + certificate.error());
  const auto key = security::read_small_file(tls.key);
  if (!key) return tl::unexpected("tls.key: " + key.error());
  const auto validity = security::validity_of(*certificate);
  if (!validity) {
    return tl::unexpected("tls.certificate: " + tls.certificate.string() + " " + validity.error());
  }
  if (const auto fits = security::check_pair(*certificate, *key); !fits) {
    return tl::unexpected("tls.key: " + tls.key.string() + ": " + fits.error());
  }
  return *validity;
}

std::string text_of(Clock::time_point time) {
  const auto seconds = Clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%SZ", &parts)};
}

std::optional<std::string> wrong_tls_files(const config::Tls& tls) {
  const auto validity = read_pair(tls);
  if (!validity) return validity.error();
  const auto now = Clock::now();
  const auto of_file = "tls.certificate: " + tls.certificate.string();
  if (now >= validity->until) {
    return of_file + " has expired, on " + text_of(validity->until) + ": put a new one there";
  }
  if (now < validity->from) {
    return of_file + " is not valid before " + text_of(validity->from) +
           ": is the clock of this machine right?";
  }
  if (tls.client_ca.empty()) return std::nullopt;
  const auto roots = security::read_small_file(tls.client_ca);
  if (!roots) return "tls.client_ca: " + roots.error();
  if (const auto first = security::validity_of(*roots); !first) {
    return "tls.client_ca: " + tls.client_ca.string() + " " + first.error();
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> wrong_credential_files(const config::Settings& settings) {
  if (settings.tls.is_on()) {
    if (auto wrong = wrong_tls_files(settings.tls)) return wrong;
  }
  if (const auto& cluster = settings.cluster; cluster.is_on() && cluster.uses_tls()) {
    const auto context = security::make_tls_context(cluster.certificate, cluster.key, cluster.ca);
    if (!context) return context.error();
  }
  const auto& auth = settings.auth;
  security::CredentialFiles files(rules_of(auth), auth.tokens, auth.jwt_keys);
  if (auto read = files.read(); !read) return "[auth]: " + read.error();
  return std::nullopt;
}

std::optional<std::string> expiry_warning(Clock::time_point until, Clock::time_point now,
                                          int& told) {
  const auto left = until - now;
  std::optional<int> reached;
  for (const int days : kDaysLeft) {
    if (left <= std::chrono::hours(24) * days) reached = days;
  }
  if (!reached || *reached >= told) return std::nullopt;
  told = *reached;
  if (*reached == 0) return "has expired, on " + text_of(until) + ": clients refuse it";
  const auto days = std::chrono::ceil<std::chrono::duration<int, std::ratio<86'400>>>(left).count();
  return "has " + std::to_string(days) + (days == 1 ? " day left" : " days left") + ", until " +
         text_of(until) + ": put a new one there, it is taken up by itself";
}

CredentialWatch::CredentialWatch(const config::Settings& settings, Use use)
    : is_auth_on_(settings.auth.is_on()),
      files_(rules_of(settings.auth), settings.auth.tokens, settings.auth.jwt_keys),
      use_(std::move(use)),
      tls_(settings.tls),
      told_days_(kNothingTold) {}

void CredentialWatch::look() {
  if (is_auth_on_) look_at_credentials();
  if (tls_.is_on()) look_at_certificate();
}

void CredentialWatch::look_at_credentials() {
  if (has_read_ && !files_.have_changed()) return;
  const bool is_first = !std::exchange(has_read_, true);
  auto authenticator = files_.read();
  if (!authenticator) {
    return spdlog::error(
        "gateway: [auth]: {}: {}", authenticator.error(),
        is_first ? "nobody is let in until it is right" : "what was read before stays in use");
  }
  use_(std::move(*authenticator));
  if (!is_first) spdlog::info("gateway: tokens and keys were read again");
}

void CredentialWatch::look_at_certificate() {
  std::error_code failed;
  std::vector<std::filesystem::file_time_type> times;
  for (const auto* file : {&tls_.certificate, &tls_.key, &tls_.client_ca}) {
    if (file->empty()) continue;
    times.push_back(std::filesystem::last_write_time(*file, failed));
    if (failed) times.back() = std::filesystem::file_time_type::min();
  }
  if (times != tls_times_) {
    const bool is_first = tls_times_.empty();
    tls_times_ = std::move(times);
    if (const auto wrong = wrong_tls_files(tls_)) {
      // So does gRPC, which reads the same files.
      spdlog::error("gateway: {}: new connections are refused until it is right", *wrong);
    } else if (!is_first) {
      spdlog::info("gateway: the files of [tls] have changed: new connections use them");
    }
    if (const auto read = read_pair(tls_)) {
      if (!validity_ || validity_->until != read->until) told_days_ = kNothingTold;
      validity_ = *read;
    }
  }
  if (!validity_) return;
  if (const auto warning = expiry_warning(validity_->until, Clock::now(), told_days_)) {
    spdlog::warn("gateway: the certificate {} {}", tls_.certificate.string(), *warning);
  }
}

}  // namespace sg::actors
