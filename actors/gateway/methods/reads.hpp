// The unary methods that read. Each parses the call's request and asks the queries actor, or the
// supervision tree; the call is answered with what that says.
#pragma once

#include "actors/gateway/transport/unary_call.hpp"

namespace sg::actors {

void get_participant(UnaryCall& call);
void list_participants(UnaryCall& call);
void get_participant_accounts(UnaryCall& call);
void get_account(UnaryCall& call);
void get_balance(UnaryCall& call);
void get_transaction(UnaryCall& call);
void list_transactions(UnaryCall& call);
void list_accounts(UnaryCall& call);
void get_balance_sheet(UnaryCall& call);
void get_tree(UnaryCall& call);

}  // namespace sg::actors
