#include "actors/reads.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>

#include "actors/actor_errors.hpp"
#include "actors/page_token.hpp"

namespace sg::actors {

using ledger::Error;
using ledger::Outcome;
using ledger::Reason;

namespace {

constexpr std::int64_t kMaxPage = 1000;
constexpr std::int64_t kDefaultTransactions = 50;
constexpr std::int64_t kDefaultAccounts = 100;
constexpr std::size_t kScanPage = 1000;

tl::unexpected<Error> refuse(Reason reason, std::string message, std::string key,
                             std::string value) {
  return tl::unexpected(
      Error{reason, std::move(message), {{std::move(key), std::move(value)}}, Outcome::none});
}

tl::unexpected<Error> failed(const persistence::StoreError& error) {
  return tl::unexpected(unavailable_error(error));
}

tl::unexpected<Error> no_such_account(const std::string& id) {
  return refuse(Reason::account_not_found, "account " + id + " does not exist", "account_id", id);
}

tl::unexpected<Error> no_such_participant(const std::string& id) {
  return refuse(Reason::participant_not_found, "participant " + id + " does not exist",
                "participant_id", id);
}

std::optional<Error> check_limit(std::int64_t limit) {
  if (limit >= 0 && limit <= kMaxPage) return std::nullopt;
  return Error{Reason::limit_out_of_range,
               "limit is " + std::to_string(limit) + ": it must be from 0 to 1000",
               {{"field", "limit"}},
               Outcome::none};
}

tl::unexpected<Error> bad_token() {
  return refuse(
      Reason::page_token_invalid,
      "page_token is none that this listing gave: use next_page_token unchanged, with the "
      "same filters",
      "field", "page_token");
}

template <class T>
std::optional<T> number_in(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

ReadResult read_participant(const persistence::Store& store, const ParticipantById& ask) {
  if (auto error = ledger::check_id(ask.id, "participant_id")) return tl::unexpected(*error);
  auto found = store.participant(ask.id);
  if (!found) return failed(found.error());
  if (!*found) return no_such_participant(ask.id);
  return std::move(**found);
}

ReadResult read_participants(const persistence::Store& store, const ParticipantPage& ask) {
  if (auto error = check_limit(ask.limit)) return tl::unexpected(*error);
  const auto listing = "participants:" + std::to_string(static_cast<int>(ask.role));
  std::string after;
  if (!ask.token.empty()) {
    auto position = read_page_token(listing, ask.token);
    if (!position) return bad_token();
    after = std::move(*position);
  }
  // One more than asked for tells whether there is a next page.
  const auto limit = ask.limit == 0 ? std::numeric_limits<std::size_t>::max()
                                    : static_cast<std::size_t>(ask.limit) + 1;
  auto found = store.participants(ask.role, after, limit);
  if (!found) return failed(found.error());
  Page<ledger::Participant> page{std::move(*found), {}};
  if (ask.limit != 0 && page.items.size() == limit) {
    page.items.pop_back();
    page.next = make_page_token(listing, page.items.back().id);
  }
  return page;
}

ReadResult read_transaction(const persistence::Store& store, const TransactionById& ask) {
  if (auto error = ledger::check_id(ask.id, "id")) return tl::unexpected(*error);
  const auto missing =
      refuse(Reason::transaction_not_found, "transaction " + ask.id + " does not exist",
             "transaction_id", ask.id);
  const auto place = ledger::parse_transaction_id(ask.id);
  if (!place) return missing;
  auto found = store.transaction(place->sequence);
  if (!found) return failed(found.error());
  if (!*found || (*found)->time != place->time) return missing;
  return std::move(**found);
}

ReadResult read_transactions(const persistence::Store& store, const TransactionPage& ask) {
  if (auto error = check_limit(ask.limit)) return tl::unexpected(*error);
  if (!ask.account_id.empty()) {
    if (auto error = ledger::check_id(ask.account_id, "account_id")) return tl::unexpected(*error);
  }
  const auto listing = "transactions:" + std::to_string(ask.from) + ":" + std::to_string(ask.to) +
                       ":" + ask.account_id;
  persistence::TransactionRange range;
  range.limit = static_cast<std::size_t>(ask.limit == 0 ? kDefaultTransactions : ask.limit) + 1;
  if (!ask.token.empty()) {
    const auto position = read_page_token(listing, ask.token);
    const auto before = position ? number_in<ledger::Sequence>(*position) : std::nullopt;
    if (!before) return bad_token();
    range.before = *before;
  }
  if (ask.from < 0 || ask.to < 0 || (ask.to != 0 && ask.to < ask.from)) {
    return refuse(Reason::time_range_invalid,
                  "from " + std::to_string(ask.from) + " to " + std::to_string(ask.to) +
                      " is no range: to must not be before from, and neither negative",
                  "field", ask.from < 0 ? "from" : "to");
  }
  if (!ask.account_id.empty()) {
    auto account = store.account(ask.account_id);
    if (!account) return failed(account.error());
    if (!*account) return no_such_account(ask.account_id);
    range.account = (*account)->number;
  }
  if (ask.from > 0) {
    auto first = store.first_at_or_after(ask.from);
    if (!first) return failed(first.error());
    range.first = *first;
  }
  if (ask.to > 0) {
    auto end = store.first_at_or_after(ask.to);
    if (!end) return failed(end.error());
    range.before = std::min(range.before, *end);
  }
  auto found = store.transactions(range);
  if (!found) return failed(found.error());
  Page<persistence::StoredTransaction> page{std::move(*found), {}};
  if (page.items.size() == range.limit) {
    page.items.pop_back();
    page.next = make_page_token(listing, std::to_string(page.items.back().sequence));
  }
  return page;
}

ledger::Result<std::vector<std::string>> account_ids_of(const persistence::Store& store,
                                                        const AccountsOfParticipant& ask) {
  if (auto error = ledger::check_id(ask.participant_id, "participant_id")) {
    return tl::unexpected(*error);
  }
  auto participant = store.participant(ask.participant_id);
  if (!participant) return failed(participant.error());
  if (!*participant) return no_such_participant(ask.participant_id);
  auto accounts = store.accounts_of(ask.participant_id);
  if (!accounts) return failed(accounts.error());
  std::vector<std::string> ids;
  for (auto& account : *accounts) ids.push_back(std::move(account.id));
  return ids;
}

ReadResult join_accounts(const persistence::Store& store, const Query& query) {
  std::vector<AccountView> views;
  for (std::size_t i = 0; i < query.account_ids.size(); ++i) {
    const auto& id = query.account_ids[i];
    if (!query.readings[i]) return no_such_account(id);
    auto account = store.account(id);
    if (!account) return failed(account.error());
    if (!*account) return no_such_account(id);
    views.push_back({std::move(**account), query.readings[i]->balance});
  }
  if (std::holds_alternative<AccountById>(query.ask)) return std::move(views.front());
  return views;
}

std::optional<Error> read_page(const persistence::Store& store, Query& query) {
  const auto& ask = std::get<AccountPage>(query.ask);
  if (auto error = check_limit(ask.limit)) return error;
  std::string after;
  if (!ask.token.empty()) {
    auto position = read_page_token("accounts", ask.token);
    if (!position) return bad_token().value();
    after = std::move(*position);
  }
  const auto limit = static_cast<std::size_t>(ask.limit == 0 ? kDefaultAccounts : ask.limit) + 1;
  auto found = store.accounts(after, limit);
  if (!found) return failed(found.error()).value();
  query.accounts = std::move(*found);
  if (query.accounts.size() == limit) {
    query.accounts.pop_back();
    query.next = make_page_token("accounts", query.accounts.back().id);
  }
  return std::nullopt;
}

ReadResult join_page(Query& query) {
  Page<AccountView> page;
  page.next = std::move(query.next);
  page.items.reserve(query.accounts.size());
  for (std::size_t i = 0; i < query.accounts.size(); ++i) {
    page.items.push_back({std::move(query.accounts[i]), query.balances[i]});
  }
  return page;
}

ReadResult read_balance_sheet(const persistence::Store& store, const persistence::ChainHead& head,
                              const std::vector<ledger::Amount>& balances) {
  std::map<std::pair<std::string, ledger::AccountType>, BalanceSheet::Line> lines;
  BalanceSheet sheet;
  sheet.totals = head.totals;
  for (std::string after;;) {
    auto page = store.accounts(after, kScanPage);
    if (!page) return failed(page.error());
    if (page->empty()) break;
    for (const auto& account : *page) {
      if (account.number >= balances.size()) continue;
      auto& line = lines[{account.participant_id, account.type}];
      line.participant_id = account.participant_id;
      line.type = account.type;
      ++line.accounts;
      line.total += balances[account.number];
      sheet.total += balances[account.number];
    }
    after = page->back().id;
  }
  for (auto& [key, line] : lines) sheet.lines.push_back(std::move(line));
  return sheet;
}

ReadResult verify_chain(const persistence::Store& store, const Query& query,
                        const persistence::ChainHead& head,
                        const std::vector<ledger::Amount>& balances) {
  const auto progress = [&query](const persistence::VerifyProgress& at) {
    return !query.progress || query.progress(at);
  };
  auto report = store.verify(progress, head.sequence);
  if (!report) return failed(report.error());
  // Without them the walk did not get there, and says why.
  const auto& counted = report->balances_at;
  for (std::size_t i = 0; i < std::min(counted.size(), balances.size()); ++i) {
    if (counted[i] == balances[i]) continue;
    report->problems.push_back("account number " + std::to_string(i) + ": the chain says " +
                               std::to_string(counted[i]) + ", the server holds " +
                               std::to_string(balances[i]));
  }
  return std::move(*report);
}

}  // namespace sg::actors
