// Participants, accounts and transactions as text for people. Pure: messages in, text out.
//
// A single object becomes "name  value" lines, a list becomes a table. Amounts are in minor units,
// times in UTC. With `colour` names and headers are bold.
#pragma once

#include <string>

#include "proto/ledger.pb.h"

namespace sg::cli {

// The name of an enum value as in the .proto, or its number if this program does not know it.
[[nodiscard]] std::string name_of(scalegraph::ledger::ParticipantRole role);
[[nodiscard]] std::string name_of(scalegraph::ledger::AccountType type);

// With its sign: "+5".
[[nodiscard]] std::string signed_amount(std::int64_t amount);
// The entries on one line: "alice=-1000 fees=+30". After `most` entries it says how many more there
// are.
[[nodiscard]] std::string entries_text(const scalegraph::ledger::Transaction& transaction,
                                       int most);

[[nodiscard]] std::string render_participant(const scalegraph::ledger::Participant& participant,
                                             bool colour);
// An empty list becomes a line such as "no participants".
[[nodiscard]] std::string render_participants(
    const scalegraph::ledger::ListParticipantsResponse& list, bool colour);
[[nodiscard]] std::string render_account(const scalegraph::ledger::Account& account, bool colour);
[[nodiscard]] std::string render_accounts(const scalegraph::ledger::ListAccountsResponse& list,
                                          bool colour);
[[nodiscard]] std::string render_balance(const scalegraph::ledger::GetBalanceResponse& balance,
                                         bool colour);
// All entries, one on each line of a table.
[[nodiscard]] std::string render_transaction(const scalegraph::ledger::Transaction& transaction,
                                             bool colour);
// One transaction on each line, with its first entries. If there are more transactions, the last
// line says which --page-token shows them.
using Transactions = google::protobuf::RepeatedPtrField<scalegraph::ledger::Transaction>;
[[nodiscard]] std::string render_transactions(const Transactions& transactions,
                                              const std::string& next_page_token, bool colour);
[[nodiscard]] std::string render_key_outcome(const scalegraph::ledger::KeyOutcome& outcome,
                                             bool colour);

}  // namespace sg::cli
