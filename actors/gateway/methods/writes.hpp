// The unary methods that change the ledger. Each parses the call's request and hands it in; the
// call is answered when the coordinator has decided.
#pragma once

#include "actors/gateway/transport/unary_call.hpp"

namespace sg::actors {

void create_participant(UnaryCall& call);
void create_participant_account(UnaryCall& call);
void create_account(UnaryCall& call);
void credit(UnaryCall& call);
void debit(UnaryCall& call);
void transfer(UnaryCall& call);
void transfer_batch(UnaryCall& call);

}  // namespace sg::actors
