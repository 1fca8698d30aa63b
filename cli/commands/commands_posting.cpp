// credit, debit, transfer: the commands that move money.
//
// With --key a command may be repeated safely: the ledger carries it out once, and answers each
// repetition alike. Without a key nobody can tell whether an attempt without an answer took effect.
#include "cli/commands/commands.hpp"
#include "cli/output/render.hpp"
#include "command_line/time_text.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;
using Ledger = wire::LedgerService::Stub;

// The options of all three commands. credit and debit use `account` and `amount`, transfer
// `entries`.
struct PostingOptions {
  std::string account;
  std::int64_t amount = 0;  // minor units, above 0 for a debit as well
  std::vector<wire::TransferEntry> entries;
  std::string reference;
  std::string key;  // idempotency key; empty: none
  // Of a transfer only. With any of them it is sent as a command.
  std::map<std::string, std::string> metadata;
  bool balanced = false;
  bool unique_reference = false;
  std::int64_t effective_at = 0;  // ms since 1970; 0: not said

  bool has_details() const {
    return !metadata.empty() || balanced || unique_reference || effective_at != 0;
  }
};

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

ExitCode execute(Session& session, const PostingOptions& options) {
  wire::Command request;
  request.mutable_transfer()->mutable_entries()->Add(options.entries.begin(),
                                                     options.entries.end());
  request.set_reference(options.reference);
  request.set_idempotency_key(options.key);
  request.mutable_metadata()->insert(options.metadata.begin(), options.metadata.end());
  request.mutable_options()->set_balanced(options.balanced);
  request.mutable_options()->set_unique_reference(options.unique_reference);
  request.mutable_options()->set_effective_at(options.effective_at);
  wire::Transaction reply;
  return session.ask(&wire::CommandService::Stub::Execute, request, reply, render_transaction,
                     {Effect::posting, options.key});
}

ExitCode transfer(Session& session, const PostingOptions& options) {
  if (options.has_details()) return execute(session, options);
  wire::TransferRequest request;
  request.mutable_entries()->Add(options.entries.begin(), options.entries.end());
  request.set_reference(options.reference);
  request.set_idempotency_key(options.key);
  wire::Transaction reply;
  return session.ask(&Ledger::Transfer, request, reply, render_transaction,
                     {Effect::posting, options.key});
}

// The ledger takes 0 for "not said".
Parsed<std::int64_t> parse_moment(std::string_view text) {
  const auto time = command_line::parse_time(text);
  if (!time || *time != 0) return time;
  return tl::unexpected("\"" + std::string(text) +
                        "\" is the one moment that cannot be told: take one a millisecond later");
}

// The options that all three commands have.
void add_reference_and_key(CLI::App& command, PostingOptions& options) {
  command.add_option("--reference", options.reference, "a text that history keeps");
  command.add_option("--key", options.key,
                     "idempotency key: a retry with the same key has one effect and one answer");
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
  const auto take = [options](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      auto entry = parse_entry(text);
      if (!entry) throw CLI::ValidationError("transfer", entry.error());
      // Keeps the order of the entries, which a retry with the same key has to repeat.
      options->entries.push_back(std::move(*entry));
    }
  };
  command
      ->add_option_function<std::vector<std::string>>(
          "ENTRY", take, "ACCOUNT=AMOUNT, negative debits: alice=-1000 shop=970 fees=30")
      ->required()
      ->type_name("");
  add_reference_and_key(*command, *options);
  add_metadata(*command, options->metadata);
  command->add_flag("--balanced", options->balanced, "refuse it unless the entries sum to zero");
  command->add_flag("--unique-reference", options->unique_reference,
                    "refuse it if any transaction has its --reference already");
  add_parsed(*command, "--effective-at", options->effective_at, parse_moment, "",
             "when it happened for you, which is kept and affects nothing");
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
