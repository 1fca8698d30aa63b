// What a participant may move: debits of its own accounts, and credits of all. It takes nothing
// back, since that debits others, and changes no policy. Pure functions of a submission:
// thread-safe.
//
// A refusal must not tell what another account holds. A credit is refused if it would take the
// balance past 2^63 - 1. Of a unit that its own debit refuses in any case, the choice of the
// refusal would tell whether the credit alone was possible: trial by trial the whole balance, with
// nothing booked. So a participant's unit credits less than 2^62 in all. Then no balance below 2^62
// can refuse its credit.
#pragma once

#include <functional>
#include <string_view>

#include "ledger/money.hpp"
#include "ledger/submission.hpp"

namespace sg::ledger {

using IsOwn = std::function<bool(std::string_view account_id)>;

// The most that a participant may credit in one transfer, or in one atomic batch.
inline constexpr WideAmount kMaxCredits = (WideAmount{1} << 62) - 1;

// True if every account that an undecided transfer debits is the caller's own, no unit credits more
// than kMaxCredits, and none is a reversal or a policy.
bool is_permitted(const Submission& submission, const IsOwn& is_own);

// Refuses each undecided transfer that debits another account, credits too much, reverses or
// changes a policy, with PERMISSION_DENIED: whether an account exists is not told. Of an atomic
// batch all others are refused with it. Needs: nothing was handed to the coordinator yet.
void refuse_forbidden(Submission& submission, const IsOwn& is_own);

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
