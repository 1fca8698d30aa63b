// What a participant may read: itself, its accounts, and the transactions that touch them. Of all
// else it is told that it does not exist, whether it does or not.
#pragma once

#include <optional>

#include "actors/queries/reads.hpp"
#include "actors/query.hpp"
#include "ledger/error.hpp"
#include "persistence/store.hpp"

namespace sg::actors {

// The error for a query that asks about something else than query.only_participant's own, or
// nullopt. A wrong argument is left to the checks of the query itself. Reads rows of the store: an
// account's owner never changes, and its row is there once its creation was told to anybody.
std::optional<ledger::Error> refuse_foreign(const persistence::Store& store, const Query& query);

// The answer without what a policy tells of an account that is not the participant's own: whoever
// takes over a balance may see the movement, and no more.
ReadResult hide_others(const Query& query, ReadResult answer);

}  // namespace sg::actors
