// The commands of scalegraphctl. Each add_...() function adds its words and options to the command
// line. While CLI11 parses, the command that the operator typed stores what to do in `chosen`. It
// runs only after the whole command line was found valid.
//
// All commands follow one pattern. Their options live in a shared_ptr, because parsing fills them
// and the command reads them later.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/session/arguments.hpp"
#include "cli/session/session.hpp"

namespace sg::cli {

// What to do: prints its results through the session and returns the exit code.
using Command = std::function<ExitCode(Session&)>;

// Needs, for all of them: `chosen` outlives the parsing. The head of each commands_*.cpp lists its
// words.
void add_participant_commands(CLI::App& app, Command& chosen);
void add_account_commands(CLI::App& app, Command& chosen);
void add_posting_commands(CLI::App& app, Command& chosen);
void add_transaction_commands(CLI::App& app, Command& chosen);
// `group`: that of transactions.
void add_reverse_command(CLI::App& group, Command& chosen);
// `group`: that of accounts.
void add_policy_commands(CLI::App& group, Command& chosen);
void add_key_commands(CLI::App& app, Command& chosen);
void add_export_command(CLI::App& app, Command& chosen);
void add_import_command(CLI::App& app, Command& chosen);
void add_admin_commands(CLI::App& app, Command& chosen);
void add_cluster_commands(CLI::App& app, Command& chosen);
void add_health_command(CLI::App& app, Command& chosen);
void add_verify_command(CLI::App& app, Command& chosen);
void add_token_commands(CLI::App& app, Command& chosen);
void add_audit_commands(CLI::App& app, Command& chosen);
void add_backup_commands(CLI::App& app, Command& chosen);

// Adds an option or a positional whose text goes through one of the parsers of arguments.hpp. The
// result goes into `value`, which has to outlive the parsing. The error of the parser becomes that
// of the command line. `type` names the value in the help text.
template <class T>
CLI::Option* add_parsed(CLI::App& command, const std::string& name, T& value,
                        Parsed<T> (*parse)(std::string_view), const std::string& type,
                        const std::string& description) {
  const auto take = [&value, parse, name](const std::string& text) {
    auto parsed = parse(text);
    if (!parsed) throw CLI::ValidationError(name, parsed.error());
    value = std::move(*parsed);
  };
  return command.add_option_function<std::string>(name, take, description)->type_name(type);
}

// Adds --metadata KEY=VALUE, which may stand several times. `value` has to outlive the parsing.
inline CLI::Option* add_metadata(CLI::App& command, std::map<std::string, std::string>& value) {
  const auto take = [&value](const std::vector<std::string>& pairs) {
    auto parsed = parse_metadata(pairs);
    if (!parsed) throw CLI::ValidationError("--metadata", parsed.error());
    value = std::move(*parsed);
  };
  return command
      .add_option_function<std::vector<std::string>>("--metadata", take,
                                                     "may be given several times")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

// Where a list begins and ends, of commands that show the newest first.
struct PageOptions {
  int limit = 50;          // rows over all pages, at most
  std::string page_token;  // of an earlier list; empty: from the newest
};

// Adds --limit and --page-token. `page` has to outlive the parsing.
inline void add_page_options(CLI::App& command, PageOptions& page) {
  add_parsed(command, "--limit", page.limit, parse_count, "N",
             "at most so many, " + std::to_string(PageOptions{}.limit) + " if not given");
  command.add_option("--page-token", page.page_token, "go on where an earlier list ended");
}

}  // namespace sg::cli
