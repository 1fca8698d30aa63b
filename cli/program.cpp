#include "cli/program.hpp"

#include <algorithm>

#include "cli/commands.hpp"

namespace sg::cli {
namespace {

constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 refused by the ledger, 2 bad usage, 3 server not reachable.\n"
    "Amounts are in minor units. An id that starts with '-' goes after `--`.";

// Longer than a call of a healthy server takes, shorter than an operator's patience.
constexpr double kDefaultTimeoutSeconds = 10;
constexpr double kLongestTimeoutSeconds = 86'400;

struct GlobalOptions {
  std::string server = "127.0.0.1:50051";
  double timeout_seconds = kDefaultTimeoutSeconds;
  bool json = false;
};

void add_global_options(CLI::App& app, GlobalOptions& options) {
  add_parsed(app, "--server", options.server, parse_server, "HOST:PORT",
             "the ledger's address, 127.0.0.1:50051 if not given")
      ->envname("SCALEGRAPH_SERVER");
  app.add_flag("--json", options.json, "print JSON, one line; errors too, on stderr");
  app.add_option("--timeout", options.timeout_seconds, "longest wait for each answer")
      ->check(CLI::Range(0.001, kLongestTimeoutSeconds))
      ->type_name("SECONDS")
      ->capture_default_str();
  app.set_version_flag("--version", "scalegraphctl " SCALEGRAPH_VERSION);
}

ExitCode refuse_usage(const CLI::App& app, const CLI::ParseError& error, Console& console,
                      bool json) {
  Failure failure = bad_usage(error.what());
  // CLI11 misses the command before it looks at the word that should have been one.
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  const bool required = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  if (required && !unknown.empty())
    failure.message = "unknown command or option \"" + unknown.front() + "\"";
  failure.hint = "scalegraphctl --help lists the commands, COMMAND --help its options";
  console.err << (json ? line(to_json(failure)) : text(failure, console.colour_err));
  return failure.exit_code;
}

}  // namespace

ExitCode run(const std::vector<std::string>& arguments, Console& console) {
  CLI::App app("Command line client of the Scalegraph ledger.", "scalegraphctl");
  app.footer(kExitCodes);
  app.require_subcommand(1);
  // --json and --server may follow the command as well.
  app.fallthrough();

  GlobalOptions options;
  add_global_options(app, options);
  Command chosen;
  add_participant_commands(app, chosen);
  add_account_commands(app, chosen);
  add_posting_commands(app, chosen);
  add_transaction_commands(app, chosen);
  add_import_command(app, chosen);
  add_admin_commands(app, chosen);

  try {
    // CLI11 takes them from the back.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::Success& help_or_version) {
    app.exit(help_or_version, console.out, console.err);
    return kDone;
  } catch (const CLI::ParseError& error) {
    const bool json = std::ranges::find(arguments, "--json") != arguments.end();
    return refuse_usage(app, error, console, json);
  }

  const auto timeout = std::chrono::duration<double>(options.timeout_seconds);
  Connection connection(options.server,
                        std::chrono::duration_cast<std::chrono::milliseconds>(timeout));
  Session session(connection, console, options.json);
  return chosen(session);
}

}  // namespace sg::cli
