// credit, debit, transfer: the commands that move money.
//
// With --key a command may be repeated safely: the ledger carries it out once, and answers each
// repetition alike. Without a key nobody can tell whether an attempt without an answer took effect.
#include "cli/commands/posting_options.hpp"
#include "cli/output/render.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;
using Ledger = wire::LedgerService::Stub;

// credit and debit: their requests have the same fields, but no common type.
template <class Request, class Method>
ExitCode post_one(Session& session, Method method, const PostingOptions& options) {
  Request request;
  request.set_account_id(options.account);
  request.set_amount(options.amount);
  request.set_reference(options.reference);
  request.set_idempotency_key(options.key);
  wire::Transaction reply;
  return session.ask(method, request, reply, render_transaction, {Effect::posting, options.key});
}

ExitCode credit(Session& session, const PostingOptions& options) {
  return post_one<wire::CreditRequest>(session, &Ledger::Credit, options);
}

ExitCode debit(Session& session, const PostingOptions& options) {
  return post_one<wire::DebitRequest>(session, &Ledger::Debit, options);
}

ExitCode transfer(Session& session, const PostingOptions& options) {
  if (options.has_details()) {
    wire::Command request;
    request.mutable_transfer()->mutable_entries()->Add(options.entries.begin(),
                                                       options.entries.end());
    return execute(session, std::move(request), options);
  }
  wire::TransferRequest request;
  request.mutable_entries()->Add(options.entries.begin(), options.entries.end());
  request.set_reference(options.reference);
  request.set_idempotency_key(options.key);
  wire::Transaction reply;
  return session.ask(&Ledger::Transfer, request, reply, render_transaction,
                     {Effect::posting, options.key});
}

using Post = ExitCode (*)(Session&, const PostingOptions&);

// Adds credit or debit. The ledger, and not this program, refuses amounts that are not above 0.
void add_single(CLI::App& app, Command& chosen, const char* name, const char* description,
                Post post) {
  auto options = std::make_shared<PostingOptions>();
  CLI::App* command = app.add_subcommand(name, description);
  command->add_option("ACCOUNT", options->account, "its id")->required()->type_name("");
  add_parsed(*command, "AMOUNT", options->amount, parse_amount, "", "minor units, above 0")
      ->required();
  add_reference_and_key(*command, *options);
  command->callback([&chosen, options, post] {
    chosen = [options, post](Session& session) { return post(session, *options); };
  });
}

void add_transfer(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<PostingOptions>();
  CLI::App* command =
      app.add_subcommand("transfer", "Post any number of entries together, all or none");
  add_entries(*command, options, "ACCOUNT=AMOUNT, negative debits: alice=-1000 shop=970 fees=30")
      ->required();
  add_reference_and_key(*command, *options);
  add_details(*command, *options);
  command->callback([&chosen, options] {
    chosen = [options](Session& session) { return transfer(session, *options); };
  });
}

}  // namespace

void add_posting_commands(CLI::App& app, Command& chosen) {
  add_single(app, chosen, "credit", "Add money to an account", credit);
  add_single(app, chosen, "debit", "Take money from an account", debit);
  add_transfer(app, chosen);
}

}  // namespace sg::cli
