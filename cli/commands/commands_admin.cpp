// tree, balance-sheet: what operators ask about the server and the ledger as a whole.
//
// balance-sheet ends with exit code 1 if the books do not add up, so that a script notices.
#include <chrono>
#include <memory>
#include <thread>

#include "cli/commands/commands.hpp"
#include "cli/output/render_admin.hpp"
#include "command_line/numbers.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;
using Admin = wire::AdminService::Stub;

// Escape sequence: go to the upper left corner and clear everything below it.
constexpr const char* kScreenStart = "\033[H\033[J";

// Bounds of --watch, in seconds.
constexpr command_line::Bounds<double> kWatchSeconds{0.1, 3600};

ExitCode tree(Session& session) {
  wire::GetTreeResponse reply;
  return session.ask(&Admin::GetTree, wire::GetTreeRequest{}, reply, render_tree);
}

// Shows the tree again and again, until the program is interrupted or the server does not answer.
// On a terminal each tree replaces the one before.
ExitCode watch_tree(Session& session, std::chrono::milliseconds every) {
  const bool replaces = session.console().cursor_out && !session.json();
  for (;;) {
    if (replaces) session.console().out << kScreenStart;
    if (const ExitCode code = tree(session); code != kDone) return code;
    // run() reports the lost output.
    if (!session.console().out.flush()) return kDone;
    std::this_thread::sleep_for(every);
  }
}

ExitCode balance_sheet(Session& session, bool by_type) {
  wire::GetBalanceSheetRequest request;
  request.set_by_type(by_type);
  wire::GetBalanceSheetResponse reply;
  const ExitCode code = session.ask(&Admin::GetBalanceSheet, request, reply, render_balance_sheet);
  return code == kDone && !sound(reply) ? kRefused : code;
}

}  // namespace

void add_admin_commands(CLI::App& app, Command& chosen) {
  auto* shown = app.add_subcommand("tree", "Show the supervision tree as it runs");
  // Seconds between two trees. 0 shows one tree.
  const auto every = std::make_shared<double>(0);
  const auto take = [every](const std::string& text) {
    const auto seconds = command_line::parse_decimal(text, kWatchSeconds);
    if (!seconds) throw CLI::ValidationError("--watch", seconds.error());
    *every = *seconds;
  };
  shown
      ->add_option_function<std::string>("--watch", take,
                                         "show it again every so many seconds (0.1 to 3600, 1 "
                                         "without a number), until interrupted")
      ->expected(0, 1)
      ->default_str("1")
      ->type_name("SECONDS");
  shown->callback([&chosen, every] {
    chosen = [every](Session& session) {
      if (*every == 0) return tree(session);
      return watch_tree(session, std::chrono::milliseconds{static_cast<int>(*every * 1000)});
    };
  });
  auto* sheet = app.add_subcommand("balance-sheet",
                                   "Totals by participant and account type, and of all postings");
  const auto by_type = std::make_shared<bool>(false);
  sheet->add_flag("--by-type", *by_type,
                  "one line for each account type, over all participants: for ledgers with very "
                  "many of them");
  sheet->callback([&chosen, by_type] {
    chosen = [by_type](Session& session) { return balance_sheet(session, *by_type); };
  });
}

}  // namespace sg::cli
