// Files of `scalegraphctl import`. What is taken is what the ledger's own argument checks take, so
// that no import breaks off in the middle for a reason that the file shows; what is refused is told
// with its line. However aliases multiply, the plan and the errors stay small.
#include <algorithm>

#include "cli/import/import_file.hpp"
#include "cli/import/yaml_document.hpp"
#include "ledger/account.hpp"
#include "proto/conversion.hpp"
#include "tests/fuzz/property.hpp"

using namespace sg;
using fuzz::must;

// As cli/import/import_file.hpp says.
constexpr std::size_t kMostErrors = 1000;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto plan = cli::parse_import(text);
  if (!plan) {
    must(!plan.error().empty(), "a refusal says why");
    must(plan.error().size() <= kMostErrors + 1, "a refusal is bounded");
    for (const auto& error : plan.error()) {
      must(error.line >= 0 && !error.message.empty(), "an error has a line and a message");
    }
    return 0;
  }
  const std::size_t planned =
      plan->participants.size() + plan->participant_accounts.size() + plan->accounts.size();
  must(planned <= text.size() + cli::kMostAliasedNodes, "what aliases stand for is bounded");
  for (const auto& participant : plan->participants) {
    must(proto::to_domain(participant).has_value(), "the ledger takes a planned participant");
  }
  for (const auto& account : plan->participant_accounts) {
    const auto taken = proto::to_domain(account);
    must(taken.has_value(), "the ledger takes a planned account of a participant");
    must(taken->id == cli::account_id(account), "the plan knows the account's id");
    must(std::any_of(plan->participants.begin(), plan->participants.end(),
                     [&](const auto& one) { return one.id() == account.participant_id(); }),
         "a planned account's participant is planned too");
  }
  for (const auto& account : plan->accounts) {
    must(proto::to_domain(account).has_value(), "the ledger takes a planned account");
  }
  return 0;
}
