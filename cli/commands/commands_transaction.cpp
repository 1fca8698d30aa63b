// tx get, tx list, tx find, tx explain: the history of transactions.
//
// A list is newest first. --limit bounds it over all pages. If there is more, the answer has a
// token that --page-token takes.
#include <algorithm>

#include "cli/commands/commands.hpp"
#include "cli/output/render.hpp"
#include "cli/output/render_explanation.hpp"
#include "cli/session/paging.hpp"
#include "command_line/time_text.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;
using Ledger = wire::LedgerService::Stub;

// The options of `tx list`. Empty and 0 mean: not restricted.
struct ListOptions {
  std::string account;
  PageOptions page;
  std::int64_t from = 0;  // milliseconds since 1970, inclusive
  std::int64_t to = 0;    // milliseconds since 1970, exclusive
};

// Reads the time of --to. The ledger takes 0 for "no end". A time before 1970 would therefore list
// everything, where the operator expects nothing, so such a time is refused.
Parsed<std::int64_t> parse_end(std::string_view text) {
  const auto time = command_line::parse_time(text);
  if (!time || *time > 0) return time;
  return tl::unexpected("\"" + std::string(text) +
                        "\" leaves nothing to list: write a time after 1970-01-01T00:00:00Z");
}

ExitCode get(Session& session, const std::string& id) {
  wire::GetTransactionRequest request;
  request.set_id(id);
  wire::Transaction reply;
  return session.ask(&Ledger::GetTransaction, request, reply, render_transaction);
}

// Collects pages until there are as many transactions as wanted. The token of the last page is kept
// for the operator.
template <class Response, class Stub, class Request>
ExitCode show_pages(Session& session,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    Request request, int limit) {
  request.set_limit(std::min(limit, kPageLimit));
  Response all;
  const auto take = [&](Response& page, Request& next) {
    all.mutable_transactions()->MergeFrom(page.transactions());
    // Of an answer that has more than rows.
    page.clear_transactions();
    all.MergeFrom(page);
    all.set_next_page_token(page.next_page_token());
    const int wanted = limit - all.transactions_size();
    next.set_limit(std::min(wanted, kPageLimit));
    return wanted > 0;
  };
  grpc::Status status = session.connection().connect();
  if (status.ok()) status = each_page(session.connection(), method, request, take);
  if (!status.ok()) return session.fail(explain(status, {}));
  return session.show(all, [](const Response& shown, bool colour) {
    return render_transactions(shown.transactions(), shown.next_page_token(), colour);
  });
}

ExitCode list(Session& session, const ListOptions& options) {
  wire::ListTransactionsRequest request;
  request.set_account_id(options.account);
  request.set_from(options.from);
  request.set_to(options.to);
  request.set_page_token(options.page.page_token);
  return show_pages(session, &Ledger::ListTransactions, request, options.page.limit);
}

// The options of `tx find`.
struct FindOptions {
  std::string reference;
  PageOptions page;
};

ExitCode find(Session& session, const FindOptions& options) {
  wire::FindTransactionsRequest request;
  request.set_reference(options.reference);
  request.set_page_token(options.page.page_token);
  return show_pages(session, &wire::QueryService::Stub::FindTransactions, request,
                    options.page.limit);
}

void add_get(CLI::App& group, Command& chosen) {
  auto id = std::make_shared<std::string>();
  CLI::App* command = group.add_subcommand("get", "Show a transaction with all of its entries");
  command->add_option("ID", *id, "its id")->required()->type_name("");
  command->callback(
      [&chosen, id] { chosen = [id](Session& session) { return get(session, *id); }; });
}

ExitCode explain_write(Session& session, const std::string& id) {
  wire::ExplainTransactionRequest request;
  request.set_id(id);
  wire::ExplainTransactionResponse reply;
  return session.ask(&wire::AdminService::Stub::ExplainTransaction, request, reply,
                     render_explanation);
}

void add_explain(CLI::App& group, Command& chosen) {
  auto id = std::make_shared<std::string>();
  CLI::App* command = group.add_subcommand(
      "explain", "Show what a recent write went through: stages, shards, locks, refusals");
  command->add_option("ID", *id, "of the transaction, or of the request (x-request-id)")
      ->required()
      ->type_name("");
  command->callback(
      [&chosen, id] { chosen = [id](Session& session) { return explain_write(session, *id); }; });
}

void add_list(CLI::App& group, Command& chosen) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* command = group.add_subcommand("list", "List transactions, newest first");
  command->add_option("--account", options->account, "only those that touch this account");
  add_parsed(*command, "--from", options->from, command_line::parse_time, "TIME",
             "not before: 2024-05-01, 2024-05-01T10:00:00Z, or milliseconds since 1970 as "
             "1714557600123 (13 digits) or 86400000ms (with their unit)");
  add_parsed(*command, "--to", options->to, parse_end, "TIME", "before, exclusive");
  add_page_options(*command, options->page);
  command->callback([&chosen, options] {
    chosen = [options](Session& session) { return list(session, *options); };
  });
}

void add_find(CLI::App& group, Command& chosen) {
  auto options = std::make_shared<FindOptions>();
  CLI::App* command =
      group.add_subcommand("find", "List the transactions with a reference, newest first");
  command->add_option("--reference", options->reference, "exactly this one")->required();
  add_page_options(*command, options->page);
  command->callback([&chosen, options] {
    chosen = [options](Session& session) { return find(session, *options); };
  });
}

}  // namespace

void add_transaction_commands(CLI::App& app, Command& chosen) {
  CLI::App* group = app.add_subcommand("tx", "Show, list, find, reverse and explain transactions");
  group->require_subcommand(1);
  add_get(*group, chosen);
  add_list(*group, chosen);
  add_find(*group, chosen);
  add_reverse_command(*group, chosen);
  add_explain(*group, chosen);
}

}  // namespace sg::cli
