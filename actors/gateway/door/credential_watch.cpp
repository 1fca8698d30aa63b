#include "actors/gateway/door/credential_watch.hpp"

#include <array>
#include <limits>
#include <system_error>
#include <utility>

#include "security/certificate.hpp"
#include "security/tls_session.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

namespace {

using Clock = std::chrono::system_clock;
constexpr std::array kDaysLeft{30, 7, 1, 0};  // 0: it has expired
constexpr int kNothingTold = std::numeric_limits<int>::max();

security::AuthenticationRules rules_of(const config::Auth& auth) {
  return {auth.roles, auth.certificates, {auth.jwt_issuer, auth.jwt_audience, auth.jwt_clock_skew}};
}

std::string text_of(Clock::time_point time) {
  const auto seconds = Clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%SZ", &parts)};
}

// The files of [tls], if they are right, with the validity of the certificate.
struct RightFiles {
  TlsFiles files;
  security::Validity validity;
};
tl::expected<RightFiles, std::string> read_tls_files(const config::Tls& tls) {
  const auto certificate = security::read_small_file(tls.certificate);
  if (!certificate) return tl::unexpected("tls.certificate: " + certificate.error());
  const auto key = security::read_small_file(tls.key);
  if (!key) return tl::unexpected("tls.key: " + key.error());
  const auto of_file = "tls.certificate: " + tls.certificate.string() + " ";
  const auto validity = security::validity_of(*certificate);
  if (!validity) return tl::unexpected(of_file + validity.error());
  if (const auto all = security::check_certificates(*certificate); !all) {
    return tl::unexpected(of_file + all.error());
  }
  if (const auto fits = security::check_pair(*certificate, *key); !fits) {
    return tl::unexpected("tls.key: " + tls.key.string() + ": " + fits.error());
  }
  const auto now = Clock::now();
  if (now >= validity->until) {
    return tl::unexpected(of_file + "has expired, on " + text_of(validity->until) +
                          ": put a new one there");
  }
  if (now < validity->from) {
    return tl::unexpected(of_file + "is not valid before " + text_of(validity->from) +
                          ": is the clock of this machine right?");
  }
  RightFiles right{{*certificate, *key, {}}, *validity};
  if (tls.client_ca.empty()) return right;
  const auto roots = security::read_small_file(tls.client_ca);
  if (!roots) return tl::unexpected("tls.client_ca: " + roots.error());
  if (const auto all = security::check_certificates(*roots); !all) {
    return tl::unexpected("tls.client_ca: " + tls.client_ca.string() + " " + all.error());
  }
  right.files.client_ca = *roots;
  return right;
}

}  // namespace

std::optional<std::string> wrong_credential_files(const config::Settings& settings) {
  if (settings.tls.is_on()) {
    if (auto read = read_tls_files(settings.tls); !read) return read.error();
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

CredentialWatch::CredentialWatch(const config::Settings& settings, Use use,
                                 std::shared_ptr<TlsMaterial> material)
    : is_auth_on_(settings.auth.is_on()),
      files_(rules_of(settings.auth), settings.auth.tokens, settings.auth.jwt_keys),
      use_(std::move(use)),
      tls_(settings.tls),
      material_(std::move(material)),
      told_days_(kNothingTold) {}

void CredentialWatch::set_auth(const config::Auth& auth) {
  files_ = security::CredentialFiles(rules_of(auth), auth.tokens, auth.jwt_keys);
  must_read_ = true;
}

void CredentialWatch::look() {
  if (is_auth_on_) look_at_credentials();
  if (tls_.is_on()) look_at_certificate();
}

void CredentialWatch::look_at_credentials() {
  if (has_read_ && !std::exchange(must_read_, false) && !files_.have_changed()) return;
  const bool is_first = !std::exchange(has_read_, true);
  auto authenticator = files_.read();
  if (!authenticator) {
    return log(Module::gateway)
        .error(
            "[auth]: {}: {}", authenticator.error(),
            is_first ? "nobody is let in until it is right" : "what was read before stays in use");
  }
  use_(std::move(*authenticator));
  if (!is_first) log(Module::gateway).info("tokens and keys were read again");
}

std::optional<std::chrono::system_clock::time_point> CredentialWatch::certificate_until() const {
  return validity_ ? std::optional(validity_->until) : std::nullopt;
}

// A pair whose files do not fit is looked at again each time: one of the two may only be late.
void CredentialWatch::look_at_certificate() {
  std::vector<std::filesystem::file_time_type> times;
  for (const auto* file : {&tls_.certificate, &tls_.key, &tls_.client_ca}) {
    if (file->empty()) continue;
    std::error_code failed;
    times.push_back(std::filesystem::last_write_time(*file, failed));
    if (failed) times.back() = std::filesystem::file_time_type::min();
  }
  if (times != tls_times_ || !told_of_tls_.empty()) {
    const bool is_first = tls_times_.empty();
    tls_times_ = std::move(times);
    auto read = read_tls_files(tls_);
    if (!read) {
      if (std::exchange(told_of_tls_, read.error()) != read.error()) {
        log(Module::gateway).error("{}: what was read before stays in use", read.error());
      }
    } else {
      told_of_tls_.clear();
      if (!validity_ || validity_->until != read->validity.until) told_days_ = kNothingTold;
      validity_ = read->validity;
      if (material_->set(std::move(read->files)) && !is_first) {
        log(Module::gateway)
            .info("a new certificate is there, or a new client CA, valid until {}",
                  text_of(validity_->until));
      }
    }
  }
  if (!validity_) return;
  if (const auto warning = expiry_warning(validity_->until, Clock::now(), told_days_)) {
    log(Module::gateway).warn("the certificate {} {}", tls_.certificate.string(), *warning);
  }
}

}  // namespace sg::actors
