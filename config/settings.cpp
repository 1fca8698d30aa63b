// Text forms of the settings that are more than a number: endpoints and log levels.
//
// Grammar of an endpoint:
//
//   endpoint = host ":" port | "unix:" path
//   host     = name | IPv4 | "[" IPv6 [ "%" zone ] "]"
#include "config/settings.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace sg::config {
namespace {

constexpr std::size_t max_host_bytes = 253;  // a DNS name, RFC 1035 less the root's dot
constexpr std::size_t max_port_digits = 5;
constexpr std::string_view unix_prefix = "unix:";
constexpr std::size_t max_socket_path_bytes = 107;  // Linux: sun_path less its NUL

// Position i names the LogLevel of value i.
constexpr std::array<std::string_view, 7> level_names{"trace", "debug",    "info", "warning",
                                                      "error", "critical", "off"};

constexpr std::array<std::string_view, 3> client_certificates_names{"none", "optional", "required"};

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Host names of the Internet have no underscore, but names in a private network may.
bool is_name_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
         c == '_';
}

// A host of digits and dots alone has to be a valid address: 127.0.0.256 is a typing error, not a
// name.
bool is_name_or_ipv4(const std::string& host) {
  if (!std::all_of(host.begin(), host.end(), is_name_character)) return false;
  const bool numeric =
      std::all_of(host.begin(), host.end(), [](char c) { return is_digit(c) || c == '.'; });
  in_addr address{};
  return !numeric || inet_pton(AF_INET, host.c_str(), &address) == 1;
}

// A zone may follow the address, which names a network interface: fe80::1%eth0.
bool is_ipv6(const std::string& host) {
  const auto percent = host.find('%');
  if (percent != std::string::npos) {
    const auto zone = std::string_view(host).substr(percent + 1);
    if (zone.empty() || !std::all_of(zone.begin(), zone.end(), is_name_character)) return false;
  }
  in6_addr address{};
  return inet_pton(AF_INET6, host.substr(0, percent).c_str(), &address) == 1;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto* end = text.data() + text.size();
  // from_chars() alone would accept any number of leading zeros.
  if (text.empty() || text.size() > max_port_digits) return std::nullopt;
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return port;
}

}  // namespace

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  if (text.starts_with(unix_prefix)) {
    const auto path = text.substr(unix_prefix.size());
    const bool is_path = !path.empty() && path.size() <= max_socket_path_bytes &&
                         std::none_of(path.begin(), path.end(), is_control);
    if (!is_path) return std::nullopt;
    return Endpoint{{}, 0, std::string(path)};
  }
  // The last colon, since an IPv6 address has some of its own.
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_port(text.substr(colon + 1));
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!port || host.empty() || host.size() > max_host_bytes) return std::nullopt;

  // inet_pton() and getaddrinfo() take C strings: they would judge only the part before a NUL.
  if (host.find('\0') != std::string_view::npos) return std::nullopt;
  Endpoint endpoint{std::string(host), *port, {}};
  // Brackets decide: an IPv6 address without them cannot be told from "host:port".
  const bool right = bracketed ? is_ipv6(endpoint.host) : is_name_or_ipv4(endpoint.host);
  if (!right) return std::nullopt;
  return endpoint;
}

std::string to_string(const Endpoint& endpoint) {
  if (!endpoint.path.empty()) return std::string(unix_prefix) + endpoint.path;
  const auto port = std::to_string(endpoint.port);
  if (endpoint.host.find(':') == std::string::npos) return endpoint.host + ":" + port;
  return "[" + endpoint.host + "]:" + port;
}

std::optional<std::vector<Seed>> parse_seeds(std::string_view text) {
  std::vector<Seed> seeds;
  const auto trim = [](std::string_view part) {
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    return part;
  };
  if (trim(text).empty()) return seeds;
  for (bool is_last = false; !is_last;) {
    const auto comma = text.find(',');
    is_last = comma == std::string_view::npos;
    const auto part = trim(text.substr(0, comma));
    text.remove_prefix(is_last ? text.size() : comma + 1);
    const auto at = part.find('@');
    if (at == std::string_view::npos) return std::nullopt;
    Seed seed;
    const auto id = part.substr(0, at);
    const auto [stop, error] = std::from_chars(id.data(), id.data() + id.size(), seed.id);
    const auto endpoint = parse_endpoint(part.substr(at + 1));
    if (error != std::errc{} || stop != id.data() + id.size() || seed.id == 0) return std::nullopt;
    if (!endpoint || !endpoint->path.empty() || endpoint->port == 0) return std::nullopt;
    seed.at = *endpoint;
    for (const Seed& other : seeds) {
      if (other.id == seed.id || other.at == seed.at) return std::nullopt;
    }
    seeds.push_back(std::move(seed));
  }
  return seeds;
}

std::string to_string(std::span<const Seed> seeds) {
  std::string text;
  for (const Seed& seed : seeds) {
    text.append(text.empty() ? "" : ", ").append(std::to_string(seed.id)).append("@");
    text.append(to_string(seed.at));
  }
  return text;
}

std::span<const std::string_view> log_level_names() { return level_names; }

std::optional<LogLevel> parse_log_level(std::string_view text) {
  const auto found = std::find(level_names.begin(), level_names.end(), text);
  if (found == level_names.end()) return std::nullopt;
  return static_cast<LogLevel>(found - level_names.begin());
}

std::string_view to_string(LogLevel level) { return level_names[static_cast<std::size_t>(level)]; }

std::optional<ClientCertificates> parse_client_certificates(std::string_view text) {
  const auto& names = client_certificates_names;
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return std::nullopt;
  return static_cast<ClientCertificates>(found - names.begin());
}

std::string_view to_string(ClientCertificates wanted) {
  return client_certificates_names[static_cast<std::size_t>(wanted)];
}

}  // namespace sg::config
