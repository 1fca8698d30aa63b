// Participants, accounts and transactions as text for people.
#pragma once

#include <string>

#include "proto/ledger.pb.h"

namespace sg::cli {

// The name of an enum value as in the .proto; its number if this program does not know it.
[[nodiscard]] std::string name_of(scalegraph::ledger::ParticipantRole role);
[[nodiscard]] std::string name_of(scalegraph::ledger::AccountType type);

// "alice=-1000 fees=+30"; after `most` entries only how many more there are.
[[nodiscard]] std::string entries_text(const scalegraph::ledger::Transaction& transaction,
                                       int most);

[[nodiscard]] std::string render_participant(const scalegraph::ledger::Participant& participant,
                                             bool colour);
[[nodiscard]] std::string render_participants(
    const scalegraph::ledger::ListParticipantsResponse& list, bool colour);
[[nodiscard]] std::string render_account(const scalegraph::ledger::Account& account, bool colour);
[[nodiscard]] std::string render_accounts(const scalegraph::ledger::ListAccountsResponse& list,
                                          bool colour);
[[nodiscard]] std::string render_balance(const scalegraph::ledger::GetBalanceResponse& balance,
                                         bool colour);
[[nodiscard]] std::string render_transaction(const scalegraph::ledger::Transaction& transaction,
                                             bool colour);
[[nodiscard]] std::string render_transactions(
    const scalegraph::ledger::ListTransactionsResponse& list, bool colour);

}  // namespace sg::cli
