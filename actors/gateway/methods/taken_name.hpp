// A better error for callers that create a participant's account whose id is taken. If a standalone
// account has that id, the error says so.
#pragma once

#include "actors/gateway/transport/unary_call.hpp"
#include "ledger/account.hpp"

namespace sg::actors {

// Answers `call` with `error`, which is ACCOUNT_EXISTS for `account`. First asks the queries actor
// for the existing account. The message gets longer if that account belongs to no participant. If
// it cannot be read, `error` is answered as it is.
void fail_taken(UnaryCall& call, const ledger::NewAccount& account, const ledger::Error& error);

}  // namespace sg::actors
