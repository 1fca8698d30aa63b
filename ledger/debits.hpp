// Debits of accounts that are not the caller's. Pure functions of a submission: thread-safe.
#pragma once

#include <functional>
#include <string_view>

#include "ledger/submission.hpp"

namespace sg::ledger {

using IsOwn = std::function<bool(std::string_view account_id)>;

// True if every account that an undecided transfer debits is the caller's own.
bool debits_only(const Submission& submission, const IsOwn& is_own);

// Refuses each undecided transfer that debits another account, with PERMISSION_DENIED: whether that
// account exists is not told. Of an atomic batch all others are refused with it. Needs: nothing was
// handed to the coordinator yet.
void refuse_other_debits(Submission& submission, const IsOwn& is_own);

// The error without what another account holds: of that the caller learns only that it cannot take
// the amount. The same error if it tells nothing of the kind.
std::shared_ptr<const Error> hide_other_balance(std::shared_ptr<const Error> error,
                                                const IsOwn& is_own);

// If an item of the atomic batch is refused, refuses the others with BATCH_ABORTED. The first one
// keeps its own error. Called once for a batch.
void abort_rest(Submission& submission);

// True while some item is undecided.
bool has_undecided(const Submission& submission);

}  // namespace sg::ledger
