// The target of a request: RFC 3986, with "+" as a space in the query.
#include <optional>
#include <string>
#include <string_view>

#include "telemetry/http_server.hpp"

namespace sg::telemetry {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decoded(std::string_view text, bool plus_is_space) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      plain += ' ';
    } else if (text[i] != '%') {
      plain += text[i];
    } else {
      if (text.size() - i < 3) return std::nullopt;
      const int high = digit_of(text[i + 1]);
      const int low = digit_of(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      plain += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return plain;
}

}  // namespace

std::string HttpRequest::value(const std::string& name, const std::string& otherwise) const {
  const auto found = query.find(name);
  return found == query.end() ? otherwise : found->second;
}

std::optional<HttpRequest> parse_target(std::string_view target) {
  if (target.empty() || target.front() != '/') return std::nullopt;
  const auto question = target.find('?');
  HttpRequest request;
  auto path = decoded(target.substr(0, question), false);
  if (!path) return std::nullopt;
  request.path = std::move(*path);
  if (question == std::string_view::npos) return request;
  auto rest = target.substr(question + 1);
  while (!rest.empty()) {
    const auto end = std::min(rest.find('&'), rest.size());
    const auto part = rest.substr(0, end);
    const auto sign = std::min(part.find('='), part.size());
    auto name = decoded(part.substr(0, sign), true);
    auto value = decoded(part.substr(std::min(sign + 1, part.size())), true);
    if (!name || !value) return std::nullopt;
    request.query.emplace(std::move(*name), std::move(*value));
    rest = rest.substr(std::min(end + 1, rest.size()));
  }
  return request;
}

}  // namespace sg::telemetry
