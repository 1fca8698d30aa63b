// Builds the command line, parses it, runs the chosen command and turns the result into an exit
// code. Everything that goes wrong ends in one Failure on stderr, so scripts have one form to read.
#include "cli/program.hpp"

#include "client/flags.hpp"
#include "command_line/documents.hpp"
#include "command_line/numbers.hpp"
#include "command_line/output.hpp"
#include "command_line/parsing.hpp"

namespace sg::cli {
namespace {

constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 refused by the ledger, 2 bad usage, 3 server not reachable, "
    "5 done but the\noutput could not be written.\n"
    "Amounts are in minor units. An id that starts with '-' goes after `--`.";

// From a millisecond to a day.
constexpr command_line::Bounds<double> kTimeoutSeconds{0.001, 86'400};

// `json` comes from the raw arguments: after an error of parsing the flag may not have been read.
ExitCode refuse_usage(const CLI::App& app, const CLI::ParseError& error, Console& console,
                      bool json) {
  Failure failure = bad_usage(error.what());
  // CLI11 reports the missing command before it looks at the word that should have been one. For a
  // misspelt command that message would mislead.
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  const bool required = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  if (required && !unknown.empty())
    failure.message = "unknown command or option \"" + unknown.front() + "\"";
  failure.hint = "scalegraphctl --help lists the commands, COMMAND --help its options";
  console.err << (json ? line(to_json(failure)) : text(failure, console.colour_err));
  return failure.exit_code;
}

}  // namespace

CommandLine::CommandLine() : app("Command line client of the Scalegraph ledger.", "scalegraphctl") {
  app.footer(kExitCodes);
  app.require_subcommand(1);
  // Global options such as --json and --server may also stand behind the command.
  app.fallthrough();
  add_parsed(app, "--server", server, parse_servers, "HOST:PORT,...",
             "the ledger's address, 127.0.0.1:50051 if not given; of a cluster, those of several "
             "nodes: the first that can be reached is asked")
      ->envname("SCALEGRAPH_SERVER");
  app.add_flag("--json", json, "print JSON, one line; errors too, on stderr");
  command_line::add_number(app, "--timeout", timeout_seconds, kTimeoutSeconds,
                           "longest wait for each answer")
      ->type_name("SECONDS");
  client::add_channel_options(app, channel);
  app.set_version_flag("--version", "scalegraphctl " SCALEGRAPH_VERSION);

  add_participant_commands(app, chosen);
  add_account_commands(app, chosen);
  add_posting_commands(app, chosen);
  add_transaction_commands(app, chosen);
  add_key_commands(app, chosen);
  add_export_command(app, chosen);
  add_import_command(app, chosen);
  add_admin_commands(app, chosen);
  add_health_command(app, chosen);
  add_verify_command(app, chosen);
  add_cluster_commands(app, chosen);
  add_token_commands(app, chosen);
  add_audit_commands(app, chosen);
  add_backup_commands(app, chosen);
  command_line::add_documents_option(
      app, {.version = SCALEGRAPH_VERSION, .see_also = {"scalegraphd(8)"}});
}

namespace {

// Everything but the check that the output has arrived.
ExitCode run_command(const std::vector<std::string>& arguments, Console& console) {
  CommandLine given;
  try {
    command_line::parse(given.app, arguments);
  } catch (const CLI::Success& help_or_version) {
    // Prints the help text or the version.
    given.app.exit(help_or_version, console.out, console.err);
    return kDone;
  } catch (const CLI::ParseError& error) {
    return refuse_usage(given.app, error, console, command_line::asks_for(arguments, "--json"));
  }

  const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::duration<double>(given.timeout_seconds));
  const auto connection = Connection::open(given.server, given.channel, timeout);
  if (!connection) {
    const auto failure = bad_usage(connection.error());
    console.err << (given.json ? line(to_json(failure)) : text(failure, console.colour_err));
    return failure.exit_code;
  }
  Session session(**connection, console, given.json);
  return given.chosen(session);
}

}  // namespace

ExitCode run(const std::vector<std::string>& arguments, Console& console) {
  const ExitCode code = run_command(arguments, console);
  if (command_line::delivered(console.out)) return code;
  // A full disk may have lost the answer of a command that is done. A failure keeps its exit code.
  const bool json = command_line::asks_for(arguments, "--json");
  console.err << (json ? line(to_json(output_lost())) : text(output_lost(), console.colour_err));
  return code == kDone ? kOutputLost : code;
}

}  // namespace sg::cli
