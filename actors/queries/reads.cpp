// The order of the checks in each function is part of the API: a request with several mistakes
// always gets the same error.
#include "actors/queries/reads.hpp"

#include <algorithm>
#include <map>

#include "actors/queries/answer_rows.hpp"
#include "actors/queries/missing.hpp"
#include "actors/queries/page_token.hpp"
#include "actors/queries/read_errors.hpp"

namespace sg::actors {

using ledger::Error;
using ledger::Outcome;
using ledger::Reason;

namespace {

// Rows of a page: the most that may be asked for, and how many without a limit.
constexpr std::int64_t kMaxPage = 1000;
constexpr std::int64_t kDefaultAccounts = 100;
// Accounts that a balance sheet reads at a time. In between it looks whether it was cancelled.
constexpr std::size_t kScanPage = 1000;
// What a line of a balance sheet takes on the wire besides its participant's id: the tags and the
// shortest values of its fields.
constexpr std::size_t kLeastLineBytes = 9;

tl::unexpected<Error> no_such_account(const std::string& id) {
  return tl::unexpected(missing_account(id));
}

// Where a page of a participant's accounts has ended: with an account's type, and its id.
std::string position_of(const ledger::Account& account) {
  return std::to_string(static_cast<int>(account.type)) + ":" + account.id;
}
std::optional<ledger::NewAccount> account_at(const std::string& participant,
                                             const std::string& position) {
  const auto colon = position.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const auto type = number_in<int>(position.substr(0, colon));
  if (!type || *type < 0 || *type > ledger::kLastAccountType) return std::nullopt;
  ledger::NewAccount account;
  account.participant_id = participant;
  account.type = static_cast<ledger::AccountType>(*type);
  account.id = position.substr(colon + 1);
  return account;
}

AccountView view_of(ledger::Account account, const ledger::AccountReading& reading) {
  return {std::move(account), reading.balance, reading.policy};
}

tl::unexpected<Error> no_such_participant(const std::string& id) {
  return tl::unexpected(missing_participant(id));
}

}  // namespace

std::optional<Error> check_limit(std::int64_t limit) {
  if (limit >= 0 && limit <= kMaxPage) return std::nullopt;
  return Error{Reason::limit_out_of_range,
               "limit is " + std::to_string(limit) + ": it must be from 0 to 1000",
               {{"field", "limit"}},
               Outcome::none};
}

Error bad_token_error() {
  return {Reason::page_token_invalid,
          "page_token is none that this listing gave: use next_page_token unchanged, with the same "
          "filters",
          {{"field", "page_token"}},
          Outcome::none};
}

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
    // The token was made by another listing, or is not one of ours.
    if (!position) return bad_token();
    after = std::move(*position);
  }
  if (auto error = check_page_bytes(ask.page_bytes)) return tl::unexpected(*error);
  PageEnd end(static_cast<std::size_t>(ask.limit), ask.page_bytes);
  auto found =
      store.participants(ask.role, after, end.limit(), end.asked_by<ledger::Participant>());
  if (!found) return failed(found.error());
  Page<ledger::Participant> page{std::move(*found), {}};
  const auto more = end.cut(page.items);
  if (!more) return tl::unexpected(more.error());
  if (*more) page.next = make_page_token(listing, page.items.back().id);
  return page;
}

std::optional<Error> read_accounts_of(const persistence::Store& store,
                                      const AccountsOfParticipant& ask, Query& query) {
  if (auto error = ledger::check_id(ask.participant_id, "participant_id")) return error;
  if (auto error = check_page_bytes(ask.page_bytes)) return error;
  const auto listing = "accounts of:" + ask.participant_id;
  // The last account of the page before.
  std::optional<ledger::NewAccount> after;
  if (!ask.token.empty()) {
    const auto position = read_page_token(listing, ask.token);
    after = position ? account_at(ask.participant_id, *position) : std::nullopt;
    if (!after) return bad_token().value();
  }
  auto participant = store.participant(ask.participant_id);
  if (!participant) return failed(participant.error()).value();
  if (!*participant) return no_such_participant(ask.participant_id).value();
  PageEnd end(0, ask.page_bytes);
  auto found = store.accounts_of(ask.participant_id, after ? &*after : nullptr,
                                 end.asked_by<ledger::Account>());
  if (!found) return failed(found.error()).value();
  query.accounts = std::move(*found);
  const auto more = end.cut(query.accounts);
  if (!more) return more.error();
  if (*more) query.next = make_page_token(listing, position_of(query.accounts.back()));
  for (const auto& account : query.accounts) query.account_ids.push_back(account.id);
  return std::nullopt;
}

ReadResult join_accounts(const persistence::Store& store, Query& query) {
  if (const auto* ask = std::get_if<AccountById>(&query.ask)) {
    // No reading: the shard knows no such account.
    if (!query.readings.front()) return no_such_account(ask->id);
    // The shard knows the balance, the store the row. The balance is durable by now, and so is the
    // row.
    auto account = store.account(ask->id);
    if (!account) return failed(account.error());
    if (!*account) return no_such_account(ask->id);
    return view_of(std::move(**account), *query.readings.front());
  }
  Page<AccountView> page;
  page.next = std::move(query.next);
  for (std::size_t i = 0; i < query.accounts.size(); ++i) {
    if (!query.readings[i]) return no_such_account(query.account_ids[i]);
    page.items.push_back(view_of(std::move(query.accounts[i]), *query.readings[i]));
  }
  return page;
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
  if (auto error = check_page_bytes(ask.page_bytes)) return error;
  PageEnd end(static_cast<std::size_t>(ask.limit == 0 ? kDefaultAccounts : ask.limit),
              ask.page_bytes);
  auto found = store.accounts(after, end.limit(), end.asked_by<ledger::Account>());
  if (!found) return failed(found.error()).value();
  query.accounts = std::move(*found);
  const auto more = end.cut(query.accounts);
  if (!more) return more.error();
  if (*more) query.next = make_page_token("accounts", query.accounts.back().id);
  return std::nullopt;
}

ReadResult join_page(Query& query) {
  Page<AccountView> page;
  page.next = std::move(query.next);
  page.items.reserve(query.accounts.size());
  for (std::size_t i = 0; i < query.accounts.size(); ++i) {
    const auto& [balance, policy] = query.standings[i];
    page.items.push_back(
        {std::move(query.accounts[i]), static_cast<ledger::Amount>(balance), policy});
  }
  return page;
}

Error sheet_too_large_error() {
  return too_large_error(
      "ask for the totals by account type with by_type, or list the accounts in pages");
}

namespace {

// Listed for the journal and for each shard. A memory that is wrong in every account would
// otherwise fill the answer.
constexpr std::size_t kMaxDifferences = 100;

// Compares balances with the chain's, and lists the differences of one holder as problems.
class Differences {
 public:
  Differences(std::string holder, std::vector<std::string>& problems)
      : holder_(std::move(holder)), problems_(problems) {}
  void compare(ledger::AccountNumber number, ledger::Amount counted, ledger::Amount held) {
    if (counted == held) return;
    if (++found_ > kMaxDifferences) return;
    if (found_ == kMaxDifferences) {
      problems_.push_back("further differences of " + holder_ + " are not listed");
      return;
    }
    problems_.push_back("account number " + std::to_string(number) + ": the chain says " +
                        std::to_string(counted) + ", " + holder_ + " holds " +
                        std::to_string(held));
  }

 private:
  std::string holder_;
  std::vector<std::string>& problems_;
  std::size_t found_ = 0;
};

// `counted` has the balances that the chain makes, by account number. It is empty if the walk did
// not get so far; the report says why.
void compare_memory(const Snapshot& snapshot, const std::vector<ledger::Amount>& counted,
                    std::vector<std::string>& problems) {
  if (counted.empty()) return;
  Differences journal("the journal", problems);
  const auto& balances = *snapshot.balances;
  for (std::size_t i = 0; i < std::min(counted.size(), balances.size()); ++i) {
    journal.compare(static_cast<ledger::AccountNumber>(i), counted[i], balances[i]);
  }
  // How many shards hold each account: 0, 1, or 2 for more.
  std::vector<std::uint8_t> holders(counted.size());
  for (std::size_t shard = 0; shard < snapshot.held.size(); ++shard) {
    if (!snapshot.held[shard]) continue;
    Differences differences("shard " + std::to_string(shard), problems);
    const auto& held = *snapshot.held[shard];
    for (std::size_t i = 0; i < held.numbers.size(); ++i) {
      const auto number = held.numbers[i];
      if (number >= counted.size()) continue;  // no account, or a later one
      if (holders[number] < 2) ++holders[number];
      differences.compare(number, counted[number], held.balances[i]);
    }
  }
  // An account is only known to be missing if every shard has told its accounts.
  const bool knows_all = std::all_of(snapshot.held.begin(), snapshot.held.end(),
                                     [](const auto& held) { return held != nullptr; });
  if (!knows_all) return;
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < holders.size() && wrong < kMaxDifferences; ++i) {
    if (holders[i] == 1) continue;
    ++wrong;
    problems.push_back("account number " + std::to_string(i) + " is held by " +
                       (holders[i] == 0 ? "no shard" : "more than one shard"));
  }
}

}  // namespace

ReadResult read_balance_sheet(const persistence::Store& store, const Query& query,
                              const persistence::ChainHead& head,
                              const std::vector<ledger::Amount>& balances) {
  const bool by_type = std::get<BalanceSheetOf>(query.ask).by_type;
  // Sorted by participant, then type. By type alone, the participant is the empty text.
  std::map<std::pair<std::string, ledger::AccountType>, BalanceSheet::Line> lines;
  std::size_t bytes = 0;  // that the lines take at least
  BalanceSheet sheet;
  sheet.totals = head.totals;
  for (std::string after;;) {
    auto page = store.accounts(after, kScanPage);
    if (!page) return failed(page.error());
    if (page->empty()) break;
    if (query.cancelled) return tl::unexpected(Query::cancelled_error());
    for (const auto& account : *page) {
      // Created after the snapshot.
      if (account.number >= balances.size()) continue;
      const auto participant = by_type ? std::string() : account.participant_id;
      auto& line = lines[{participant, account.type}];
      if (line.accounts == 0) {
        line.participant_id = participant;
        line.type = account.type;
        bytes += kLeastLineBytes + participant.size();
        // Stop early: the lines only grow in number.
        if (bytes > kMaxAnswerBytes) return tl::unexpected(sheet_too_large_error());
      }
      ++line.accounts;
      line.total += balances[account.number];
      sheet.total += balances[account.number];
    }
    after = page->back().id;
  }
  for (auto& [key, line] : lines) sheet.lines.push_back(std::move(line));
  return sheet;
}

ReadResult verify_chain(const persistence::Store& store, const Snapshot& snapshot) {
  const auto& query = *snapshot.query;
  // The walk stops when its caller has gone, or when the query's progress function says so.
  const auto progress = [&query](const persistence::VerifyProgress& at) {
    return !query.cancelled && (!query.progress || query.progress(at));
  };
  const auto state_at = std::get<VerifyChain>(query.ask).state_at;
  auto report = store.verify(progress, {snapshot.head.sequence, state_at});
  if (!report) return failed(report.error());
  compare_memory(snapshot, report->balances_at, report->problems);
  return std::move(*report);
}

}  // namespace sg::actors
