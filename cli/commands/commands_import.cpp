// import FILE: creates many participants and accounts at once, or books the records of an export.
// What the file is, its first bytes say.
//
// Exit codes of the first: 0 if all of it exists and agrees with the file, 1 if something failed or
// differs, 2 if the file is wrong and nothing was tried, 3 if the connection was lost.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "cli/commands/commands.hpp"
#include "cli/import/import_run.hpp"
#include "cli/output/table.hpp"
#include "cli/output/text_width.hpp"
#include "cli/records/record_import.hpp"

namespace sg::cli {
namespace {

// Escape sequence: go to the start of the line and clear it.
constexpr const char* kLineStart = "\r\033[K";
// More lines than these tell an operator nothing new. --json has all of them.
constexpr std::size_t kMostLines = 20;

// Shown by `import --help`, below the options.
constexpr const char* kFormat =
    R"(An export (JSON lines or CSV, by `scalegraphctl export`) is booked again: same
participants, accounts and transactions, with new ids and times. It can be run again, also after
a kill: nothing is booked twice. Accounts that are there already have to come from the same
ledger, by an earlier import, or be unused. - reads an export from stdin.

Otherwise the file is YAML, or the same as JSON, and creates participants and accounts:

  participants:
    - id: seb
      name: SEB
      role: banking_partner
      metadata: {country: SE}         # optional, text to text
      accounts:                       # optional; the first becomes seb:operating
        - type: operating             # operating if absent
          balance: 100000             # minor units, 0 if absent
          floor: -5000                # lowest balance, 0 if absent
          metadata: {purpose: daily}
  accounts:                           # standalone ones
    - id: alice
      balance: 1000

The whole file is checked before anything is created. What is already there is left as it is, so
an import can be run again; where it differs from the file a warning says so and the exit code is
1. Balances of what is already there are not compared.)";

// The limit is on the file, because parsed it takes many times its size in memory.
constexpr std::size_t kMostFileBytes = 256 << 20;

// The bytes of the file, or a sentence that says why there are none.
Parsed<std::string> read_file(const std::string& path) {
  std::error_code error;
  // A folder opens like a file, and only reading it throws.
  const bool is_folder = std::filesystem::is_directory(path, error);
  std::ifstream file(path, std::ios::binary);
  if (is_folder || !file) return tl::unexpected(path + ": cannot be read");
  std::string text;
  std::array<char, 65536> buffer{};
  // The last read fails, because the file is at its end, but it may have got some bytes.
  while (file.read(buffer.data(), buffer.size()) || file.gcount() > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(file.gcount()));
    if (text.size() > kMostFileBytes) {
      return tl::unexpected(path + ": is over 256 MiB: import it in several files");
    }
  }
  return text;
}

// "FILE:LINE: message", a form that editors can jump to.
std::string located(const std::string& path, const ImportError& error) {
  const std::string line = error.line > 0 ? ":" + std::to_string(error.line) : "";
  return path + line + ": " + error.message;
}

// People get one line for each fault, scripts one object with all of them.
ExitCode refuse_file(Session& session, const std::string& path,
                     const std::vector<ImportError>& errors) {
  if (!session.json()) {
    for (std::size_t i = 0; i < std::min(errors.size(), kMostLines); ++i) {
      session.fail(bad_usage(located(path, errors[i])));
    }
    if (errors.size() > kMostLines) {
      session.fail(bad_usage("and " + std::to_string(errors.size() - kMostLines) + " more"));
    }
    return kUsage;
  }
  std::string message;
  for (const ImportError& error : errors) {
    message += (message.empty() ? "" : "; ") + located(path, error);
  }
  return session.fail(bad_usage(message));
}

Json to_json(const ImportTally& tally) {
  // Strings, like all 64-bit integers in JSON (cli/output/json.hpp).
  return {{"created", std::to_string(tally.created)},
          {"already_there", std::to_string(tally.already_there)},
          {"failed", std::to_string(tally.failed)},
          {"not_tried", std::to_string(tally.not_tried)}};
}

Json to_json(const ImportReport& report) {
  Json failures = Json::array();
  for (const auto& [subject, failure] : report.failures) {
    // to_json(failure) has its fields below "error".
    failures.push_back({{"subject", subject}, {"error", to_json(failure)["error"]}});
  }
  return {{"participants", to_json(report.participants)},
          {"accounts", to_json(report.accounts)},
          {"differences", report.differences},
          {"failures", failures}};
}

// A table of the tallies, for people.
std::string summary(const ImportReport& report, bool colour) {
  Table table({{""},
               {"CREATED", Align::right},
               {"ALREADY THERE", Align::right},
               {"FAILED", Align::right},
               {"NOT TRIED", Align::right}});
  const auto add = [&table](const char* name, const ImportTally& tally) {
    table.add({name, std::to_string(tally.created), std::to_string(tally.already_there),
               std::to_string(tally.failed), std::to_string(tally.not_tried)});
  };
  add("participants", report.participants);
  add("accounts", report.accounts);
  return table.text(colour);
}

// Failures and differences on stderr, at most kMostLines of each.
void print_problems(Console& console, const ImportReport& report) {
  const auto& [participants, accounts, differences, failures, lost] = report;
  for (std::size_t i = 0; i < std::min(failures.size(), kMostLines); ++i) {
    Failure failure = failures[i].failure;
    failure.message = failures[i].subject + ": " + failure.message;
    console.err << text(failure, console.colour_err);
  }
  if (failures.size() > kMostLines) {
    console.err << "error: and " << failures.size() - kMostLines << " more\n";
  }
  for (std::size_t i = 0; i < std::min(differences.size(), kMostLines); ++i) {
    console.err << "warning: " << differences[i] << '\n';
  }
  if (differences.size() > kMostLines) {
    console.err << "warning: and " << differences.size() - kMostLines << " more differences\n";
  }
}

// The export that FILE is, or nothing.
std::optional<ExitCode> import_export(Session& session, const std::string& path) {
  if (path == "-") {
    const auto format = std::cin.peek() == '{' ? RecordFormat::json_lines : RecordFormat::csv;
    return import_records(session, "stdin", std::cin, format, /*is_pipe=*/true);
  }
  std::error_code error;
  const bool is_pipe = std::filesystem::is_fifo(path, error);
  std::ifstream file(path, std::ios::binary);
  if (std::filesystem::is_directory(path, error) || !file) return std::nullopt;
  std::string beginning;
  // What is read from a pipe cannot be put back.
  if (!is_pipe) {
    beginning.resize(kBeginningBytes);
    file.read(beginning.data(), static_cast<std::streamsize>(beginning.size()));
    beginning.resize(static_cast<std::size_t>(file.gcount()));
    file.clear();
    file.seekg(0);
  }
  const auto format = export_format_of(path, beginning);
  if (!format) return std::nullopt;
  return import_records(session, path, file, *format, is_pipe);
}

// Reads and checks the file before connecting, so a wrong file is refused without a server.
ExitCode import_file(Session& session, const std::string& path) {
  if (const auto code = import_export(session, path)) return *code;
  const auto text = read_file(path);
  if (!text) return session.fail(bad_usage(text.error()));
  const auto plan = parse_import(*text);
  if (!plan) return refuse_file(session, path, plan.error());

  if (const grpc::Status status = session.connection().connect(); !status.ok()) {
    return session.fail(explain(status, {}));
  }
  Console& console = session.console();
  const auto progress = [&](std::size_t done, std::size_t total) {
    if (!session.shows_progress()) return;
    console.err << kLineStart << "importing: " << done << " of " << total << std::flush;
  };
  const ImportReport report = run_import(session.connection(), *plan, progress);
  // Clears the last progress line.
  if (session.shows_progress()) console.err << kLineStart << std::flush;

  if (session.json()) {
    console.out << line(to_json(report));
  } else {
    print_problems(console, report);
    console.out << summary(report, console.colour_out);
  }
  // After a lost connection the import has to be run again, whatever else there was.
  if (report.connection_lost) return kUnreachable;
  return report.failures.empty() && report.differences.empty() ? kDone : kRefused;
}

}  // namespace

void add_import_command(CLI::App& app, Command& chosen) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(
      "import", "Book the records of an export, or create the participants and accounts of a file");
  command->footer(kFormat);
  command->add_option("FILE", *path, "an export (JSON lines, CSV), or YAML or JSON")
      ->required()
      ->type_name("");
  command->callback([&chosen, path] {
    chosen = [path](Session& session) { return import_file(session, *path); };
  });
}

}  // namespace sg::cli
