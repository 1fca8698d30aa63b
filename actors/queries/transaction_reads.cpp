// Reads of transactions. As in reads.cpp, the order of the checks is part of the API.
#include <algorithm>

#include "actors/queries/missing.hpp"
#include "actors/queries/page_token.hpp"
#include "actors/queries/read_errors.hpp"
#include "actors/queries/reads.hpp"

namespace sg::actors {

using ledger::Reason;

namespace {

constexpr std::int64_t kDefaultTransactions = 50;

// Where the page ended that the token was given with: transactions are listed by sequence.
std::optional<ledger::Sequence> sequence_of(const std::string& listing, const std::string& token) {
  const auto position = read_page_token(listing, token);
  return position ? number_in<ledger::Sequence>(*position) : std::nullopt;
}

// Where a page begins and ends.
struct PageFrame {
  PageEnd end;
  persistence::TransactionRange range;
};

// Checks limit, token and page_bytes, in this order.
ledger::Result<PageFrame> frame_of(std::int64_t limit, const std::string& token,
                                   std::int64_t page_bytes, const std::string& listing) {
  if (auto error = check_limit(limit)) return tl::unexpected(*error);
  const auto rows = static_cast<std::size_t>(limit == 0 ? kDefaultTransactions : limit);
  PageFrame frame{PageEnd(rows, page_bytes), {}};
  frame.range.limit = frame.end.limit();
  if (!token.empty()) {
    const auto before = sequence_of(listing, token);
    if (!before) return bad_token();
    frame.range.before = *before;
  }
  if (auto error = check_page_bytes(page_bytes)) return tl::unexpected(*error);
  return frame;
}

ledger::Result<Page<persistence::StoredTransaction>> page_of(
    std::vector<persistence::StoredTransaction> found, const PageEnd& end,
    const std::string& listing) {
  Page<persistence::StoredTransaction> page{std::move(found), {}};
  const auto more = end.cut(page.items);
  if (!more) return tl::unexpected(more.error());
  if (*more) page.next = make_page_token(listing, std::to_string(page.items.back().sequence));
  return page;
}

}  // namespace

ReadResult read_transaction(const persistence::Store& store, const TransactionById& ask) {
  if (auto error = ledger::check_id(ask.id, "id")) return tl::unexpected(*error);
  // An id that we did not make is reported like one that is not there.
  const auto missing = tl::unexpected(missing_transaction(ask.id));
  const auto place = ledger::parse_transaction_id(ask.id);
  if (!place) return missing;
  auto found = store.transaction(place->sequence);
  if (!found) return failed(found.error());
  // The id also holds the block time. Another time means that this id was never given.
  if (!*found || (*found)->time != place->time) return missing;
  return std::move(**found);
}

ReadResult read_key_outcome(const persistence::Store& store, const KeyOutcomeOf& ask) {
  KeyOutcome outcome{ask.state, ask.sequence, std::nullopt, 0};
  if (ask.state == ledger::ItemResult::State::committed) {
    auto found = store.transaction(ask.sequence);
    if (!found) return failed(found.error());
    if (!*found) return tl::unexpected(missing_transaction(std::to_string(ask.sequence)));
    outcome.transaction = std::move(**found);
  }
  const auto since = store.keys_kept_since();
  if (!since) return failed(since.error());
  outcome.keys_kept_since = *since;
  return outcome;
}

ReadResult read_transactions_at(const persistence::Store& store, const TransactionsAt& ask,
                                const std::atomic<bool>& cancelled) {
  RowSizes sizes;
  std::size_t bytes = 0;
  auto found = store.transactions_at(ask.sequences, [&](const persistence::StoredTransaction& row) {
    bytes += sizes.of(row);
    return bytes > TransactionsAt::kMostBytes || cancelled;
  });
  if (!found) return failed(found.error());
  if (bytes > TransactionsAt::kMostBytes) found->pop_back();
  return std::move(*found);
}

ReadResult read_transactions(const persistence::Store& store, const TransactionPage& ask) {
  if (auto error = check_limit(ask.limit)) return tl::unexpected(*error);
  if (!ask.account_id.empty()) {
    if (auto error = ledger::check_id(ask.account_id, "account_id")) return tl::unexpected(*error);
  }
  // A token is bound to all filters, so it cannot be used with others.
  const auto listing = "transactions:" + std::to_string(ask.from) + ":" + std::to_string(ask.to) +
                       ":" + ask.account_id;
  persistence::TransactionRange range;
  PageEnd end(static_cast<std::size_t>(ask.limit == 0 ? kDefaultTransactions : ask.limit),
              ask.page_bytes);
  range.limit = end.limit();
  if (!ask.token.empty()) {
    const auto before = sequence_of(listing, ask.token);
    if (!before) return bad_token();
    range.before = *before;
  }
  if (ask.from < 0 || ask.to < 0 || (ask.to != 0 && ask.to < ask.from)) {
    return refuse(Reason::time_range_invalid,
                  "from " + std::to_string(ask.from) + " to " + std::to_string(ask.to) +
                      " is no range: to must not be before from, and neither negative",
                  "field", ask.from < 0 ? "from" : "to");
  }
  if (auto error = check_page_bytes(ask.page_bytes)) return tl::unexpected(*error);
  if (!ask.account_id.empty()) {
    auto account = store.account(ask.account_id);
    if (!account) return failed(account.error());
    if (!*account) return tl::unexpected(missing_account(ask.account_id));
    range.account = (*account)->number;
  }
  if (ask.from > 0) {
    auto first = store.first_at_or_after(ask.from);
    if (!first) return failed(first.error());
    range.first = *first;
  }
  if (ask.to > 0) {
    auto past = store.first_at_or_after(ask.to);
    if (!past) return failed(past.error());
    // The token may stand before the end of the time range already.
    range.before = std::min(range.before, *past);
  }
  auto found = store.transactions(range, end.asked_by<persistence::StoredTransaction>());
  if (!found) return failed(found.error());
  auto page = page_of(std::move(*found), end, listing);
  if (!page) return tl::unexpected(page.error());
  return std::move(*page);
}

ReadResult find_transactions(const persistence::Store& store, const ReferencePage& ask) {
  if (ask.reference.empty()) {
    return refuse(Reason::reference_empty, "reference is empty: say which one is looked for",
                  "field", "reference");
  }
  if (auto error = ledger::check_reference(ask.reference)) return tl::unexpected(*error);
  const auto listing = "reference:" + ask.reference;
  auto frame = frame_of(ask.limit, ask.token, ask.page_bytes, listing);
  if (!frame) return tl::unexpected(frame.error());
  auto& [end, range] = *frame;
  const auto sequence = store.durable();
  range.before = std::min(range.before, sequence + 1);
  auto found =
      store.transactions_with(ask.reference, range, end.asked_by<persistence::StoredTransaction>());
  if (!found) return failed(found.error());
  auto page = page_of(std::move(*found), end, listing);
  if (!page) return tl::unexpected(page.error());
  return FoundTransactions{std::move(*page), sequence};
}

ReadResult read_policies(const persistence::Store& store, const PolicyPage& ask) {
  if (!ask.account_id.empty()) {
    if (auto error = ledger::check_id(ask.account_id, "account_id")) return tl::unexpected(*error);
  }
  const auto listing = "policies:" + ask.account_id;
  auto frame = frame_of(ask.limit, ask.token, ask.page_bytes, listing);
  if (!frame) return tl::unexpected(frame.error());
  auto& [end, range] = *frame;
  if (!ask.account_id.empty()) {
    auto account = store.account(ask.account_id);
    if (!account) return failed(account.error());
    if (!*account) return tl::unexpected(missing_account(ask.account_id));
    range.account = (*account)->number;
    // A creation with a ceiling is no policy.
    range.first = (*account)->sequence + 1;
  }
  auto found = store.policies(range, end.asked_by<persistence::StoredTransaction>());
  if (!found) return failed(found.error());
  auto page = page_of(std::move(*found), end, listing);
  if (!page) return tl::unexpected(page.error());
  return std::move(*page);
}

}  // namespace sg::actors
