#include "cli/output/render_policy.hpp"

#include "cli/output/render.hpp"
#include "cli/output/table.hpp"
#include "command_line/time_text.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

std::string ceiling_of(const wire::Account& account) {
  return account.has_ceiling() ? std::to_string(account.ceiling()) : "-";
}

std::string balanced_text(const wire::Transaction& policy) {
  return policy.require_balanced() ? "entries have to balance" : "entries need not balance";
}

}  // namespace

std::string state_of(const wire::Account& account) {
  if (account.status() == wire::CLOSED) return "closed";
  if (account.debits_frozen() && account.credits_frozen()) return "frozen";
  if (account.debits_frozen()) return "debits frozen";
  return account.credits_frozen() ? "credits frozen" : "open";
}

std::string render_policy(const wire::Transaction& policy, bool colour) {
  Fields fields;
  fields.add("policy", policy.id());
  fields.add("time", command_line::iso_8601(policy.timestamp()));
  if (!policy.note().empty()) fields.add("note", policy.note());
  if (!policy.reference().empty()) fields.add("reference", policy.reference());
  for (const auto& entry : policy.entries()) {
    fields.add("swept", entry.account_id() + " " + signed_amount(entry.amount()));
  }
  if (!policy.has_account()) {
    fields.add("ledger", balanced_text(policy));
    return fields.text(colour);
  }
  return fields.text(colour) + "\n" + render_account(policy.account(), colour);
}

std::string render_policies(const wire::ListPoliciesResponse& list, bool colour) {
  Table table({{"TIME"},
               {"STATE"},
               {"FLOOR", Align::right},
               {"CEILING", Align::right},
               {"BALANCE", Align::right},
               {"NOTE"},
               {"POLICY"}});
  for (const auto& policy : list.policies()) {
    const auto time = command_line::iso_8601(policy.timestamp());
    if (!policy.has_account()) {
      table.add({time, balanced_text(policy), "", "", "", policy.note(), policy.id()});
      continue;
    }
    const auto& account = policy.account();
    table.add({time, state_of(account), std::to_string(account.floor()), ceiling_of(account),
               std::to_string(account.balance()), policy.note(), policy.id()});
  }
  if (table.empty()) return "no policies\n";
  auto text = table.text(colour);
  if (!list.next_page_token().empty()) {
    text += "more with --page-token " + list.next_page_token() + "\n";
  }
  return text;
}

}  // namespace sg::cli
