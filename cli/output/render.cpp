#include "cli/output/render.hpp"

#include <map>

#include "cli/output/render_policy.hpp"
#include "cli/output/table.hpp"
#include "cli/output/text_width.hpp"
#include "command_line/time_text.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

// A list shows a transaction on one line, so only its first entries. `tx get` shows all of them.
constexpr int kEntriesInList = 4;

// A sign makes plain which way the money goes.
std::string metadata_text(const google::protobuf::Map<std::string, std::string>& metadata) {
  std::string out;
  // Sorted, because the map of protobuf has no fixed order.
  for (const auto& [key, value] : std::map(metadata.begin(), metadata.end())) {
    out += (out.empty() ? "" : ", ") + key + "=" + value;
  }
  return out;
}

}  // namespace

std::string name_of(wire::ParticipantRole role) {
  // A newer server may send a value that this program does not know.
  const std::string& name = wire::ParticipantRole_Name(role);
  return name.empty() ? std::to_string(static_cast<int>(role)) : name;
}

std::string name_of(wire::AccountType type) {
  const std::string& name = wire::AccountType_Name(type);
  return name.empty() ? std::to_string(static_cast<int>(type)) : name;
}

std::string signed_amount(std::int64_t amount) {
  return amount > 0 ? "+" + std::to_string(amount) : std::to_string(amount);
}

std::string entries_text(const wire::Transaction& transaction, int most) {
  std::string out;
  for (int i = 0; i < transaction.entries_size() && i < most; ++i) {
    const auto& entry = transaction.entries(i);
    out += (i == 0 ? "" : " ") + entry.account_id() + "=" + signed_amount(entry.amount());
  }
  const int more = transaction.entries_size() - most;
  return more > 0 ? out + " and " + std::to_string(more) + " more" : out;
}

std::string render_participant(const wire::Participant& participant, bool colour) {
  Fields fields;
  fields.add("id", participant.id());
  fields.add("name", participant.name());
  fields.add("role", name_of(participant.role()));
  fields.add("created", command_line::iso_8601(participant.created_at()));
  if (!participant.metadata().empty())
    fields.add("metadata", metadata_text(participant.metadata()));
  return fields.text(colour);
}

std::string render_participants(const wire::ListParticipantsResponse& list, bool colour) {
  Table table({{"ID"}, {"NAME"}, {"ROLE"}, {"CREATED"}});
  for (const auto& participant : list.participants()) {
    table.add({participant.id(), participant.name(), name_of(participant.role()),
               command_line::iso_8601(participant.created_at())});
  }
  return table.empty() ? "no participants\n" : table.text(colour);
}

std::string render_account(const wire::Account& account, bool colour) {
  Fields fields;
  fields.add("id", account.id());
  if (!account.participant_id().empty()) fields.add("participant", account.participant_id());
  fields.add("type", name_of(account.account_type()));
  fields.add("balance", std::to_string(account.balance()));
  fields.add("floor", std::to_string(account.floor()));
  // Most accounts have nothing else, so that is left out.
  if (account.has_ceiling()) fields.add("ceiling", std::to_string(account.ceiling()));
  if (const auto state = state_of(account); state != "open") fields.add("state", state);
  fields.add("created", command_line::iso_8601(account.created_at()));
  if (!account.metadata().empty()) fields.add("metadata", metadata_text(account.metadata()));
  return fields.text(colour);
}

std::string render_accounts(const wire::ListAccountsResponse& list, bool colour) {
  Table table(
      {{"ACCOUNT"}, {"TYPE"}, {"BALANCE", Align::right}, {"FLOOR", Align::right}, {"CREATED"}});
  for (const auto& account : list.accounts()) {
    table.add({account.id(), name_of(account.account_type()), std::to_string(account.balance()),
               std::to_string(account.floor()), command_line::iso_8601(account.created_at())});
  }
  return table.empty() ? "no accounts\n" : table.text(colour);
}

std::string render_balance(const wire::GetBalanceResponse& balance, bool colour) {
  Table table({{"ACCOUNT"}, {"BALANCE", Align::right}});
  table.add({balance.account_id(), std::to_string(balance.balance())});
  return table.text(colour);
}

std::string render_transaction(const wire::Transaction& transaction, bool colour) {
  Fields fields;
  fields.add("id", transaction.id());
  fields.add("type", transaction.type());
  fields.add("time", command_line::iso_8601(transaction.timestamp()));
  // Fields that are optional are left out when they are empty.
  if (!transaction.reference().empty()) fields.add("reference", transaction.reference());
  if (!transaction.reverses().empty()) fields.add("reverses", transaction.reverses());
  for (const auto& id : transaction.reversed_by()) fields.add("reversed by", id);
  if (transaction.effective_at() != 0) {
    fields.add("effective at", command_line::iso_8601(transaction.effective_at()));
  }
  if (transaction.sequence() != 0) fields.add("sequence", std::to_string(transaction.sequence()));
  const std::map<std::string, std::string> metadata(transaction.metadata().begin(),
                                                    transaction.metadata().end());
  for (const auto& [key, value] : metadata) fields.add("metadata " + key, value);
  if (!transaction.note().empty()) fields.add("note", transaction.note());
  if (transaction.has_require_balanced()) {
    fields.add("require balanced", transaction.require_balanced() ? "yes" : "no");
  }
  // A policy may move nothing.
  const bool changes = transaction.has_account();
  const auto account = changes ? "\n" + render_account(transaction.account(), colour) : "";
  if (transaction.entries().empty()) return fields.text(colour) + account;
  Table table({{"ACCOUNT"}, {"AMOUNT", Align::right}});
  for (const auto& entry : transaction.entries()) {
    table.add({entry.account_id(), signed_amount(entry.amount())});
  }
  return fields.text(colour) + "\n" + table.text(colour) + account;
}

std::string render_key_outcome(const wire::KeyOutcome& outcome, bool colour) {
  Fields fields;
  // A newer server may send a value that this program does not know.
  const std::string& name = wire::KeyState_Name(outcome.state());
  fields.add("state", name.empty() ? std::to_string(static_cast<int>(outcome.state())) : name);
  const bool is_bound = outcome.state() != wire::UNBOUND;
  fields.add(is_bound ? "sequence" : "up to sequence", std::to_string(outcome.sequence()));
  if (outcome.keys_kept_since() != 0) {
    fields.add("keys kept since", command_line::iso_8601(outcome.keys_kept_since()));
  }
  if (!outcome.has_transaction()) return fields.text(colour);
  return fields.text(colour) + "\n" + render_transaction(outcome.transaction(), colour);
}

std::string render_transactions(const Transactions& transactions,
                                const std::string& next_page_token, bool colour) {
  Table table({{"ID"}, {"TIME"}, {"TYPE"}, {"ENTRIES"}, {"REFERENCE"}});
  for (const auto& transaction : transactions) {
    table.add({transaction.id(), command_line::iso_8601(transaction.timestamp()),
               transaction.type(), entries_text(transaction, kEntriesInList),
               transaction.reference()});
  }
  std::string out = table.empty() ? "no transactions\n" : table.text(colour);
  if (!next_page_token.empty()) {
    out += "more with --page-token " + printable(next_page_token) + "\n";
  }
  return out;
}

}  // namespace sg::cli
