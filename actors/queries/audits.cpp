#include "actors/queries/audits.hpp"

#include <charconv>
#include <optional>
#include <string>

#include "actors/actor_errors.hpp"
#include "actors/queries/page_token.hpp"

namespace sg::actors {
namespace {

using ledger::Error;
using ledger::Outcome;
using ledger::Reason;

constexpr std::int64_t kDefaultRows = 100;
const std::string kAnswered = "audit of answers";

std::size_t rows_of(std::int64_t limit) {
  return static_cast<std::size_t>(limit == 0 ? kDefaultRows : limit);
}

// The number in the token, or `first` without one; nullopt: the token is none of this listing.
std::optional<std::uint64_t> begin_of(const std::string& listing, const std::string& token,
                                      std::uint64_t first) {
  if (token.empty()) return first;
  const auto position = read_page_token(listing, token);
  if (!position) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(position->data(), position->data() + position->size(), number);
  if (error != std::errc{} || end != position->data() + position->size()) return std::nullopt;
  return number;
}

}  // namespace

ReadResult read_committed_audit(const persistence::Store& store, const CommittedAudit& ask) {
  if (auto error = check_limit(ask.limit)) return tl::unexpected(*error);
  if (ask.from < 0 || ask.to < 0 || (ask.to != 0 && ask.to < ask.from)) {
    return tl::unexpected(Error{Reason::time_range_invalid,
                                "from and to are no range: to must not be before from, and neither "
                                "negative",
                                {{"field", ask.from < 0 ? "from" : "to"}},
                                Outcome::none});
  }
  const auto listing =
      "audit:" + std::to_string(ask.from) + ":" + std::to_string(ask.to) + ":" + ask.caller;
  const auto begin = begin_of(listing, ask.token, 0);
  if (!begin) return tl::unexpected(bad_token_error());
  persistence::AuditRange range;
  range.limit = rows_of(ask.limit);
  range.caller = ask.caller;
  range.first = *begin;
  if (range.first == 0) {
    const auto first = store.first_at_or_after(ask.from);
    if (!first) return tl::unexpected(unavailable_error(first.error()));
    range.first = *first;
  }
  if (ask.to > 0) {
    const auto past = store.first_at_or_after(ask.to);
    if (!past) return tl::unexpected(unavailable_error(past.error()));
    range.before = *past;
  }
  auto found = store.audit(range);
  if (!found) return tl::unexpected(unavailable_error(found.error()));
  Page<persistence::AuditedRecord> page{std::move(found->records), {}};
  if (found->next != 0) page.next = make_page_token(listing, std::to_string(found->next));
  return page;
}

ReadResult read_answered_audit(const security::AuditLog* log, const AnsweredAudit& ask) {
  if (auto error = check_limit(ask.limit)) return tl::unexpected(*error);
  const auto begin = begin_of(kAnswered, ask.token, 1);
  if (!begin) return tl::unexpected(bad_token_error());
  Page<std::string> page;
  if (log == nullptr) return page;
  const auto limit = rows_of(ask.limit);
  auto lines = log->read(*begin, limit + 1);
  if (!lines) {
    return tl::unexpected(Error{Reason::node_unavailable, lines.error(), {}, Outcome::none});
  }
  page.items = std::move(lines->lines);
  if (page.items.size() > limit) {
    page.items.pop_back();
    page.next = make_page_token(kAnswered, std::to_string(lines->first + limit));
  }
  return page;
}

}  // namespace sg::actors
