// The pages of accounts and of one account's history.
#include <charconv>
#include <nlohmann/json.hpp>
#include <string>

#include "actors/status/answers.hpp"
#include "actors/status/asking.hpp"
#include "actors/status/pages.hpp"

namespace sg::actors {

using Json = nlohmann::ordered_json;
using telemetry::HttpRequest;
using telemetry::HttpResponse;

namespace {

constexpr std::int64_t kMostRows = 1'000;
constexpr std::int64_t kUsualRows = 100;

// Nothing: it is no number from 1 to kMostRows.
std::optional<std::int64_t> limit_of(const HttpRequest& request) {
  const auto text = request.value("limit", std::to_string(kUsualRows));
  std::int64_t limit = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, limit);
  if (error != std::errc{} || stop != end || limit < 1 || limit > kMostRows) return std::nullopt;
  return limit;
}

HttpResponse wrong_limit() {
  return error_response(400, "LIMIT_OUT_OF_RANGE",
                        "limit must be a number from 1 to " + std::to_string(kMostRows));
}

Json to_json(const AccountView& view) {
  const auto& account = view.account;
  return {{"id", account.id},
          {"participant_id", account.participant_id},
          {"type", to_string(account.type)},
          {"balance", std::to_string(view.balance)},
          {"floor", std::to_string(account.floor)}};
}

// What the transaction moves on the account.
ledger::WideAmount moved(const persistence::StoredTransaction& transaction, const std::string& id) {
  ledger::WideAmount sum = 0;
  for (const auto& entry : transaction.entries) {
    if (entry.account_id == id) sum += entry.amount;
  }
  return sum;
}

}  // namespace

HttpResponse StatusPages::accounts(const HttpRequest& request) const {
  const auto limit = limit_of(request);
  if (!limit) return wrong_limit();
  AccountPage ask;
  ask.limit = *limit;
  ask.token = request.value("token");
  const auto answered = answer_of(sources_->get().queries, std::move(ask));
  if (!answered) return error_response(answered.error());
  const auto& page = std::get<Page<AccountView>>(answered->answer);
  auto rows = Json::array();
  for (const auto& view : page.items) rows.push_back(to_json(view));
  return json_response({{"accounts", std::move(rows)}, {"next", page.next}});
}

// The balance is read first, and the history then goes back from it. What commits in between is
// newer than the balance, and is left out.
HttpResponse StatusPages::history(const HttpRequest& request) const {
  const auto limit = limit_of(request);
  if (!limit) return wrong_limit();
  const auto id = request.value("id");
  const auto queries = sources_->get().queries;
  const auto found = answer_of(queries, AccountById{id});
  if (!found) return error_response(found.error());
  const auto& view = std::get<AccountView>(found->answer);
  TransactionPage ask;
  ask.account_id = id;
  ask.limit = *limit;
  const auto listed = answer_of(queries, std::move(ask));
  if (!listed) return error_response(listed.error());
  const auto& page = std::get<Page<persistence::StoredTransaction>>(listed->answer);
  auto rows = Json::array();
  ledger::WideAmount balance = view.balance;
  for (const auto& transaction : page.items) {
    if (transaction.sequence > found->observed) continue;
    const auto amount = moved(transaction, id);
    rows.push_back(
        {{"transaction_id", ledger::transaction_id(transaction.time, transaction.sequence)},
         {"sequence", transaction.sequence},
         {"time_ms", transaction.time},
         {"type", to_string(transaction.kind)},
         {"reference", transaction.reference},
         {"amount", ledger::to_text(amount)},
         {"balance", ledger::to_text(balance)}});
    balance -= amount;
  }
  return json_response({{"account", to_json(view)},
                        {"sequence", found->observed},
                        {"truncated", !page.next.empty()},
                        {"entries", std::move(rows)}});
}

}  // namespace sg::actors
