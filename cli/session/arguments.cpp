#include "cli/session/arguments.hpp"

#include <arpa/inet.h>

#include <cctype>
#include <charconv>

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

// No name of a host has these: a colon without brackets, brackets elsewhere, white space.
constexpr std::string_view kNotInHost = ":[] \t\r\n";

// True for "::1" and "fe80::1%eth0". The name of an interface behind % is left to the resolver.
bool is_ipv6(std::string_view host) {
  const std::string address(host.substr(0, host.find('%')));
  in6_addr parsed{};
  return inet_pton(AF_INET6, address.c_str(), &parsed) == 1;
}

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

// True if the whole text has the form of a decimal number. `error` then tells whether the number is
// in the range of the type, which deserves a message of its own.
template <class Number>
bool read_decimal(std::string_view text, Number& value, std::errc& error) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  error = result.ec;
  return result.ptr == text.data() + text.size() && !text.empty();
}

// "access-provider" -> "ACCESS_PROVIDER", the style of the .proto.
std::string enum_style(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

// The number of the enum value with this name. 0 is the unspecified value and is not offered.
Parsed<int> find_value(const google::protobuf::EnumDescriptor& type, std::string_view what,
                       std::string_view text) {
  const std::string wanted = enum_style(text);
  std::string valid;
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    if (value.number() == 0) continue;
    if (value.name() == wanted) return value.number();
    valid += (valid.empty() ? "" : ", ") + value.name();
  }
  return tl::unexpected("unknown " + std::string(what) + " " + in_quotes(text) +
                        "; valid: " + valid);
}

}  // namespace

Parsed<std::int64_t> parse_amount(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('+')) {
    digits.remove_prefix(1);
    // "+-5" would be read as -5 below: make it fail.
    if (digits.starts_with('-')) digits = {};
  }
  std::int64_t value = 0;
  std::errc error{};
  const bool whole = read_decimal(digits, value, error);
  // Digits alone, but too many: the number is well formed.
  if (error == std::errc::result_out_of_range) {
    return tl::unexpected(in_quotes(text) + " is beyond the range of a 64-bit amount");
  }
  if (!whole || error != std::errc{}) {
    return tl::unexpected(in_quotes(text) +
                          " is no amount: write whole minor units, like 1000 or -1000");
  }
  return value;
}

Parsed<int> parse_count(std::string_view text) {
  int value = 0;
  std::errc error{};
  if (read_decimal(text, value, error) && error == std::errc{} && value > 0) return value;
  return tl::unexpected(in_quotes(text) + " is no count: write a whole number above 0");
}

Parsed<wire::TransferEntry> parse_entry(std::string_view text) {
  const std::size_t split = text.rfind('=');
  if (split == std::string_view::npos || split == 0) {
    return tl::unexpected(in_quotes(text) + " is no entry: write ACCOUNT=AMOUNT, like alice=-1000");
  }
  const auto amount = parse_amount(text.substr(split + 1));
  if (!amount) return tl::unexpected("entry " + in_quotes(text) + ": " + amount.error());
  wire::TransferEntry entry;
  entry.set_account_id(std::string(text.substr(0, split)));
  entry.set_amount(*amount);
  return entry;
}

Parsed<std::map<std::string, std::string>> parse_metadata(const std::vector<std::string>& pairs) {
  std::map<std::string, std::string> metadata;
  for (const std::string& pair : pairs) {
    const std::size_t split = pair.find('=');
    if (split == std::string::npos || split == 0) {
      return tl::unexpected(in_quotes(pair) + " is no metadata: write KEY=VALUE");
    }
    const auto [at, inserted] = metadata.emplace(pair.substr(0, split), pair.substr(split + 1));
    if (!inserted) return tl::unexpected("metadata " + in_quotes(at->first) + " is given twice");
  }
  return metadata;
}

Parsed<wire::ParticipantRole> parse_role(std::string_view text) {
  return find_value(*wire::ParticipantRole_descriptor(), "role", text).map([](int number) {
    return static_cast<wire::ParticipantRole>(number);
  });
}

Parsed<wire::AccountType> parse_account_type(std::string_view text) {
  return find_value(*wire::AccountType_descriptor(), "account type", text).map([](int number) {
    return static_cast<wire::AccountType>(number);
  });
}

Parsed<wire::AccountStatus> parse_account_status(std::string_view text) {
  return find_value(*wire::AccountStatus_descriptor(), "account status", text).map([](int number) {
    return static_cast<wire::AccountStatus>(number);
  });
}

std::string type_in_id(wire::AccountType type) {
  std::string name = wire::AccountType_Name(type);
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

Parsed<std::string> parse_servers(std::string_view text) {
  if (text.find(',') == std::string_view::npos) return parse_server(text);
  for (const auto& server : split_servers(text)) {
    if (server.starts_with("unix:")) {
      return tl::unexpected(in_quotes(server) + " cannot be one of several servers");
    }
    if (auto one = parse_server(server); !one) return one;
  }
  return std::string(text);
}

std::vector<std::string> split_servers(std::string_view text) {
  std::vector<std::string> servers;
  for (std::size_t at = 0; at != std::string_view::npos;) {
    const auto end = text.find(',', at);
    servers.emplace_back(text.substr(at, end == std::string_view::npos ? end : end - at));
    at = end == std::string_view::npos ? end : end + 1;
  }
  return servers;
}

Parsed<std::string> parse_server(std::string_view text) {
  // gRPC resolves "unix:" itself.
  if (text.starts_with("unix:") && text.size() > 5) return std::string(text);
  const std::size_t split = text.rfind(':');
  std::uint16_t port = 0;
  std::errc error{};
  if (split != std::string_view::npos && split > 0 &&
      read_decimal(text.substr(split + 1), port, error) && error == std::errc{} && port != 0) {
    const std::string_view host = text.substr(0, split);
    // Without brackets "::1:50051" could mean two things, so a host with a colon needs them.
    const bool bracketed = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
    const bool right = bracketed ? is_ipv6(host.substr(1, host.size() - 2))
                                 : host.find_first_of(kNotInHost) == std::string_view::npos;
    if (right) return std::string(text);
  }
  return tl::unexpected(in_quotes(text) +
                        " is no server address: write HOST:PORT, like 127.0.0.1:50051");
}

}  // namespace sg::cli
