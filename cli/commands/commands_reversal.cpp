// tx reverse: takes a transaction back, in full or in part.
#include "cli/commands/posting_options.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

ExitCode reverse(Session& session, const PostingOptions& options) {
  wire::Command request;
  auto& action = *request.mutable_reverse();
  action.set_transaction_id(options.transaction);
  action.mutable_entries()->Add(options.entries.begin(), options.entries.end());
  return execute(session, std::move(request), options);
}

}  // namespace

void add_reverse_command(CLI::App& group, Command& chosen) {
  auto options = std::make_shared<PostingOptions>();
  CLI::App* command = group.add_subcommand(
      "reverse", "Take a transaction back: a new one moves the money the other way");
  command->add_option("ID", options->transaction, "of the transaction")->required()->type_name("");
  add_entries(*command, options,
              "ACCOUNT=AMOUNT, what moves; all that is left of it, if none is given");
  add_reference_and_key(*command, *options);
  add_details(*command, *options);
  command->callback([&chosen, options] {
    chosen = [options](Session& session) { return reverse(session, *options); };
  });
}

}  // namespace sg::cli
