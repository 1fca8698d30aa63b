// The unary methods that read. Each parses its request and asks the queries actor; get_tree() asks
// the supervision tree. The call is answered later, with what comes back, or at once if the request
// is malformed or the actor is down.
#pragma once

#include "actors/gateway/transport/unary_call.hpp"

namespace sg::actors {

// Participants and their accounts.
void get_participant(UnaryCall& call);
void list_participants(UnaryCall& call);
void get_participant_accounts(UnaryCall& call);
// Accounts and transactions.
void get_account(UnaryCall& call);
void get_balance(UnaryCall& call);
void get_transaction(UnaryCall& call);
void list_transactions(UnaryCall& call);
void find_transactions(UnaryCall& call);
void list_policies(UnaryCall& call);
// For administrators: all accounts, totals, and what runs.
void list_accounts(UnaryCall& call);
void get_balance_sheet(UnaryCall& call);
void list_audit(UnaryCall& call);
void get_tree(UnaryCall& call);

}  // namespace sg::actors
