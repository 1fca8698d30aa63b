// Tells who creates a participant's account whether a standalone account has taken its name.
#pragma once

#include "actors/gateway/transport/unary_call.hpp"
#include "ledger/account.hpp"

namespace sg::actors {

// Answers `call` with `error`, ACCOUNT_EXISTS of `account`; with another text if the account that
// exists is no participant's. Looks it up first, beside the gateway's thread.
void fail_taken(UnaryCall& call, const ledger::NewAccount& account, const ledger::Error& error);

}  // namespace sg::actors
