// The unary methods that change the ledger. Each parses and checks its request and hands it to the
// coordinator. The call is answered when the coordinator has decided and the result is durable. It
// is answered at once if the request is wrong or the coordinator is down.
#pragma once

#include "actors/gateway/transport/unary_call.hpp"

namespace sg::actors {

// Creations: one item each.
void create_participant(UnaryCall& call);
void open_account(UnaryCall& call);
void create_participant_account(UnaryCall& call);
void create_account(UnaryCall& call);
// Transfers: one item each, and a batch of up to 10,000.
void credit(UnaryCall& call);
void debit(UnaryCall& call);
void transfer(UnaryCall& call);
void transfer_batch(UnaryCall& call);
// The same as commands, which may say more.
void execute(UnaryCall& call);
void execute_batch(UnaryCall& call);

}  // namespace sg::actors
