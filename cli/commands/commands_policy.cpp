// account set, freeze, unfreeze, close, reopen, log: the limits of an account, and of the ledger.
//
// All but `log` send one policy. `set` and `freeze` differ in their words only: each of them names
// what it changes, and the rest stays as it is.
#include "cli/commands/commands.hpp"
#include "cli/commands/posting_options.hpp"
#include "cli/output/errors.hpp"
#include "cli/output/render_policy.hpp"
#include "cli/session/paging.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

struct PolicyOptions : PostingOptions {
  wire::PolicyAction action;
  // Words that set several fields, or none.
  std::int64_t floor = 0;
  std::int64_t ceiling = 0;
  bool debits = false;
  bool credits = false;
};
using PolicyOptionsPtr = std::shared_ptr<PolicyOptions>;

ExitCode send(Session& session, const PolicyOptions& options) {
  wire::Command request;
  *request.mutable_policy() = options.action;
  return execute(session, std::move(request), options, render_policy);
}

// What all of them have: the account, the note, and what every command may say.
CLI::App& add_policy(CLI::App& group, const PolicyOptionsPtr& options, const char* name,
                     const char* description) {
  CLI::App* command = group.add_subcommand(name, description);
  // That it is needed is checked where the command runs: the ledger has a policy of its own.
  command
      ->add_option_function<std::string>(
          "ID", [options](const std::string& id) { options->action.set_account_id(id); },
          "of the account")
      ->type_name("");
  command->add_option_function<std::string>(
      "--note", [options](const std::string& note) { options->action.set_note(note); },
      "why, for those who read `account log`");
  add_reference_and_key(*command, *options);
  add_metadata(*command, options->metadata);
  return *command;
}

void run_with(CLI::App& command, Command& chosen, const PolicyOptionsPtr& options,
              void (*prepare)(PolicyOptions&)) {
  command.callback([&chosen, options, prepare] {
    if (options->action.account_id().empty()) throw CLI::RequiredError("ID");
    prepare(*options);
    chosen = [options](Session& session) { return send(session, *options); };
  });
}

void add_set(CLI::App& group, Command& chosen) {
  auto options = std::make_shared<PolicyOptions>();
  auto& command =
      add_policy(group, options, "set", "Change the floor or the ceiling of an account");
  auto* floor = add_parsed(command, "--floor", options->floor, parse_amount, "AMOUNT",
                           "what lowers the balance leaves it at or above it");
  auto* ceiling = add_parsed(command, "--ceiling", options->ceiling, parse_amount, "AMOUNT",
                             "what raises the balance leaves it at or below it");
  auto* none = command.add_flag_callback(
      "--no-ceiling", [options] { options->action.set_clear_ceiling(true); },
      "the account has no ceiling any more");
  none->excludes(ceiling);
  command.add_flag_callback(
      "--allow-beyond", [options] { options->action.set_allow_beyond(true); },
      "the floor may be above the balance, and the ceiling below it");
  auto* balanced = command.add_flag_callback(
      "--require-balanced", [options] { options->action.set_require_balanced(true); },
      "without ID: from now on the entries of every transfer in the ledger sum to zero");
  auto* unbalanced = command.add_flag_callback(
      "--no-require-balanced", [options] { options->action.set_require_balanced(false); },
      "without ID: they need not any more");
  balanced->excludes(unbalanced);
  command.callback([&chosen, options, floor, ceiling, none] {
    const bool is_of_ledger = options->action.has_require_balanced();
    if (!is_of_ledger && options->action.account_id().empty()) throw CLI::RequiredError("ID");
    if (!is_of_ledger && floor->count() + ceiling->count() + none->count() == 0) {
      throw CLI::RequiredError("--floor, --ceiling or --no-ceiling");
    }
    if (floor->count() > 0) options->action.set_floor(options->floor);
    if (ceiling->count() > 0) options->action.set_ceiling(options->ceiling);
    chosen = [options](Session& session) { return send(session, *options); };
  });
}

// Both sides, unless one is named.
template <bool frozen>
void set_sides(PolicyOptions& options) {
  const bool both = options.debits == options.credits;
  if (both || options.debits) options.action.set_debits_frozen(frozen);
  if (both || options.credits) options.action.set_credits_frozen(frozen);
}

template <bool frozen>
void add_freeze(CLI::App& group, Command& chosen, const char* name, const char* description) {
  auto options = std::make_shared<PolicyOptions>();
  auto& command = add_policy(group, options, name, description);
  command.add_flag("--debits", options->debits, "only this side");
  command.add_flag("--credits", options->credits, "only this side");
  run_with(command, chosen, options, set_sides<frozen>);
}

void add_close(CLI::App& group, Command& chosen) {
  auto options = std::make_shared<PolicyOptions>();
  auto& command = add_policy(group, options, "close",
                             "Close an account: it takes no entry, and its id is never used again");
  command.add_option_function<std::string>(
      "--sweep-to", [options](const std::string& id) { options->action.set_sweep_to(id); },
      "the account that takes what is left on it");
  run_with(command, chosen, options,
           [](PolicyOptions& closed) { closed.action.set_status(wire::CLOSED); });
}

void add_reopen(CLI::App& group, Command& chosen) {
  auto options = std::make_shared<PolicyOptions>();
  auto& command = add_policy(group, options, "reopen",
                             "Open a closed account again, with the limits that it had");
  run_with(command, chosen, options,
           [](PolicyOptions& opened) { opened.action.set_status(wire::OPEN); });
}

struct LogOptions {
  std::string account;
  PageOptions page;
};

ExitCode show_log(Session& session, const LogOptions& options) {
  wire::ListPoliciesRequest request;
  request.set_account_id(options.account);
  request.set_page_token(options.page.page_token);
  wire::ListPoliciesResponse all;
  const auto take = [&all, limit = options.page.limit](wire::ListPoliciesResponse& page,
                                                       auto& next) {
    all.mutable_policies()->MergeFrom(page.policies());
    all.set_next_page_token(page.next_page_token());
    const int wanted = limit - all.policies_size();
    next.set_limit(std::min(wanted, kPageLimit));
    return wanted > 0;
  };
  request.set_limit(std::min(options.page.limit, kPageLimit));
  grpc::Status status = session.connection().connect();
  if (status.ok()) {
    status =
        each_page(session.connection(), &wire::QueryService::Stub::ListPolicies, request, take);
  }
  if (!status.ok()) return session.fail(explain(status, {}));
  return session.show(all, render_policies);
}

void add_log(CLI::App& group, Command& chosen) {
  auto options = std::make_shared<LogOptions>();
  CLI::App* command = group.add_subcommand(
      "log",
      "Show what was changed of an account's limits, newest first; without ID, of the ledger's");
  command->add_option("ID", options->account, "of the account")->type_name("");
  add_page_options(*command, options->page);
  command->callback([&chosen, options] {
    chosen = [options](Session& session) { return show_log(session, *options); };
  });
}

}  // namespace

void add_policy_commands(CLI::App& group, Command& chosen) {
  add_set(group, chosen);
  add_freeze<true>(group, chosen, "freeze", "Refuse new transfers on an account, or on one side");
  add_freeze<false>(group, chosen, "unfreeze", "Allow them again");
  add_close(group, chosen);
  add_reopen(group, chosen);
  add_log(group, chosen);
}

}  // namespace sg::cli
