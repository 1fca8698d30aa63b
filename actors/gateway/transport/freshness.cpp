#include "actors/gateway/transport/freshness.hpp"

#include <charconv>
#include <optional>
#include <string>

namespace sg::actors {
namespace {

constexpr std::string_view kAtLeast = "at-least=";
constexpr std::string_view kStale = "stale=";
constexpr std::int64_t kMostStaleMs = 86'400'000;  // a day

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size() || text.empty()) return {};
  return value;
}

}  // namespace

ledger::Result<Freshness> parse_freshness(std::string_view text) {
  if (text.empty() || text == "linearizable") return Freshness(LinearizableRead{});
  if (text.starts_with(kAtLeast)) {
    const auto sequence = number<ledger::Sequence>(text.substr(kAtLeast.size()));
    if (sequence) return Freshness(ReadAtLeast{*sequence});
  }
  if (text.starts_with(kStale)) {
    const auto bound = number<std::int64_t>(text.substr(kStale.size()));
    if (bound && *bound >= 0 && *bound <= kMostStaleMs) {
      return Freshness(StaleRead{std::chrono::milliseconds(*bound)});
    }
  }
  return tl::unexpected(ledger::Error{
      ledger::Reason::malformed_request,
      "the metadata x-scalegraph-read is '" + std::string(text.substr(0, 64)) +
          "': it has to be linearizable, at-least=SEQUENCE with the x-scalegraph-sequence of an "
          "earlier answer, or stale=MILLISECONDS of at most a day",
      {{"field", "x-scalegraph-read"}},
      ledger::Outcome::none});
}

}  // namespace sg::actors
