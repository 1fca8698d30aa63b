// What commands that move money take from the command line.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/commands/commands.hpp"
#include "cli/output/render.hpp"
#include "proto/ledger.pb.h"

namespace sg::cli {

// credit and debit use `account` and `amount`, the others `entries`.
struct PostingOptions {
  std::string account;
  std::int64_t amount = 0;  // minor units, above 0 for a debit as well
  std::vector<scalegraph::ledger::TransferEntry> entries;
  std::string reference;
  std::string key;          // idempotency key; empty: none
  std::string transaction;  // that a reversal takes back
  // Of commands only. A transfer with any of them is sent as one.
  std::map<std::string, std::string> metadata;
  bool balanced = false;
  bool unique_reference = false;
  std::int64_t effective_at = 0;  // ms since 1970; 0: not said

  bool has_details() const {
    return !metadata.empty() || balanced || unique_reference || effective_at != 0;
  }
};
using PostingOptionsPtr = std::shared_ptr<PostingOptions>;

// All of these keep the options alive as long as the command.
void add_reference_and_key(CLI::App& command, PostingOptions& options);
// ACCOUNT=AMOUNT, any number of them.
CLI::Option* add_entries(CLI::App& command, const PostingOptionsPtr& options,
                         const std::string& description);
// --metadata, --balanced, --unique-reference and --effective-at.
void add_details(CLI::App& command, PostingOptions& options);

using RenderTransaction = std::string (*)(const scalegraph::ledger::Transaction&, bool colour);
// Sends the command, whose action is set already, with what the options say beside.
ExitCode execute(Session& session, scalegraph::ledger::Command request,
                 const PostingOptions& options, RenderTransaction render = render_transaction);

}  // namespace sg::cli
