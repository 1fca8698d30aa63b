// account create, get, balance, list; those of policies stand in commands_policy.cpp.
//
// An account is standalone or belongs to a participant. The wire has a method for each kind, the
// command line has one set of words: --participant makes the difference.
#include <optional>

#include "cli/commands/commands.hpp"
#include "cli/output/render.hpp"
#include "cli/session/paging.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;
using Participants = wire::ParticipantService::Stub;
using Ledger = wire::LedgerService::Stub;
using Admin = wire::AdminService::Stub;

struct CreateOptions {
  // One of these is set at least. Without an id, it is made of participant and type.
  std::string id;
  std::string participant;
  wire::AccountType type = wire::OPERATING;
  std::int64_t balance = 0;             // initial, in minor units
  std::int64_t floor = 0;               // lowest balance, in minor units
  std::optional<std::int64_t> ceiling;  // highest balance
  std::map<std::string, std::string> metadata;
};

// The part that both kinds have in common.
template <class Method, class Request>
ExitCode create(Session& session, Method method, Request request, const CreateOptions& options) {
  request.set_initial_balance(options.balance);
  request.set_floor(options.floor);
  request.mutable_metadata()->insert(options.metadata.begin(), options.metadata.end());
  wire::Account reply;
  return session.ask(method, request, reply, render_account, {Effect::creation, {}});
}

// What the older methods do not know.
ExitCode open_account(Session& session, const CreateOptions& options) {
  wire::OpenAccountRequest request;
  request.set_account_id(options.id);
  if (!options.participant.empty()) {
    request.set_participant_id(options.participant);
    request.set_type(options.type);
    if (options.id.empty()) {
      request.set_account_id(options.participant + ":" + type_in_id(options.type));
    }
  }
  if (options.ceiling) request.set_ceiling(*options.ceiling);
  return create(session, &wire::AccountService::Stub::OpenAccount, request, options);
}

ExitCode create(Session& session, const CreateOptions& options) {
  const bool chosen_id = !options.id.empty() && !options.participant.empty();
  if (options.ceiling || chosen_id) return open_account(session, options);
  if (options.participant.empty()) {
    wire::CreateAccountRequest request;
    request.set_account_id(options.id);
    return create(session, &Ledger::CreateAccount, request, options);
  }
  wire::CreateParticipantAccountRequest request;
  request.set_participant_id(options.participant);
  request.set_account_type(options.type);
  return create(session, &Participants::CreateParticipantAccount, request, options);
}

ExitCode get(Session& session, const std::string& id) {
  wire::GetAccountRequest request;
  request.set_account_id(id);
  wire::Account reply;
  return session.ask(&Ledger::GetAccount, request, reply, render_account);
}

ExitCode balance(Session& session, const std::string& id) {
  wire::GetBalanceRequest request;
  request.set_account_id(id);
  wire::GetBalanceResponse reply;
  return session.ask(&Ledger::GetBalance, request, reply, render_balance);
}

// The lists are put together before anything is printed, so a failure does not leave half a list.
grpc::Status accounts_of(Connection& connection, const std::string& participant,
                         wire::ListAccountsResponse& all) {
  wire::GetParticipantAccountsRequest request;
  request.set_participant_id(participant);
  const auto take = [&all](wire::GetParticipantAccountsResponse& page, auto&) {
    all.mutable_accounts()->MergeFrom(page.accounts());
    return true;
  };
  return each_page(connection, &Participants::GetParticipantAccounts, request, take);
}

grpc::Status every_account(Connection& connection, wire::ListAccountsResponse& all) {
  wire::ListAccountsRequest request;
  request.set_limit(kPageLimit);
  const auto take = [&all](wire::ListAccountsResponse& page, auto&) {
    all.mutable_accounts()->MergeFrom(page.accounts());
    return true;
  };
  return each_page(connection, &Admin::ListAccounts, request, take);
}

ExitCode list(Session& session, const std::string& participant) {
  wire::ListAccountsResponse all;
  grpc::Status status = session.connection().connect();
  if (status.ok()) {
    status = participant.empty() ? every_account(session.connection(), all)
                                 : accounts_of(session.connection(), participant, all);
  }
  if (!status.ok()) return session.fail(explain(status, {}));
  return session.show(all, render_accounts);
}

void add_create(CLI::App& group, Command& chosen) {
  auto options = std::make_shared<CreateOptions>();
  CLI::App* command = group.add_subcommand(
      "create",
      "Create an account: `create ID` a standalone one, `create --participant P --type T` one of a "
      "participant, whose id is P:T unless one that begins with P: is given");
  command->add_option("ID", options->id, "the id of the account")->type_name("");
  CLI::Option* participant =
      command->add_option("--participant", options->participant, "the participant that owns it");
  // That one of them is needed is checked in the callback below.
  add_parsed(*command, "--type", options->type, parse_account_type, "TYPE",
             "operating (default), receivables, payables, escrow, fees or usage")
      ->needs(participant);
  add_parsed(*command, "--balance", options->balance, parse_amount, "AMOUNT",
             "initial balance in minor units, 0 if not given");
  add_parsed(*command, "--floor", options->floor, parse_amount, "AMOUNT",
             "the balance never falls below it; negative for an overdraft, 0 if not given");
  const auto ceiling = [options](const std::string& text) {
    const auto parsed = parse_amount(text);
    if (!parsed) throw CLI::ValidationError("--ceiling", parsed.error());
    options->ceiling = *parsed;
  };
  command
      ->add_option_function<std::string>("--ceiling", ceiling,
                                         "the balance never rises above it; none if not given")
      ->type_name("AMOUNT");
  add_metadata(*command, options->metadata);
  command->callback([&chosen, options] {
    if (options->id.empty() && options->participant.empty()) {
      throw CLI::RequiredError("ID or --participant");
    }
    chosen = [options](Session& session) { return create(session, *options); };
  });
}

// Commands that need nothing but an id.
using ById = ExitCode (*)(Session&, const std::string&);

void add_by_id(CLI::App& group, Command& chosen, const char* name, const char* description,
               ById run) {
  auto id = std::make_shared<std::string>();
  CLI::App* command = group.add_subcommand(name, description);
  command->add_option("ID", *id, "its id")->required()->type_name("");
  command->callback(
      [&chosen, id, run] { chosen = [id, run](Session& session) { return run(session, *id); }; });
}

void add_list(CLI::App& group, Command& chosen) {
  auto participant = std::make_shared<std::string>();
  CLI::App* command = group.add_subcommand("list", "List the accounts");
  command->add_option("PARTICIPANT", *participant, "only those of this participant")->type_name("");
  command->callback([&chosen, participant] {
    chosen = [participant](Session& session) { return list(session, *participant); };
  });
}

}  // namespace

void add_account_commands(CLI::App& app, Command& chosen) {
  CLI::App* group =
      app.add_subcommand("account", "Create, show and list accounts, and change what limits them");
  group->require_subcommand(1);
  add_create(*group, chosen);
  add_by_id(*group, chosen, "get", "Show an account", get);
  add_by_id(*group, chosen, "balance", "Show the balance of an account", balance);
  add_list(*group, chosen);
  add_policy_commands(*group, chosen);
}

}  // namespace sg::cli
