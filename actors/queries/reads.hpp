// Reads of the store as answers to queries: argument checks, page tokens, not-found errors.
// Blocking.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "actors/query.hpp"
#include "actors/snapshot.hpp"
#include "persistence/store.hpp"

namespace sg::actors {

using ReadResult = ledger::Result<QueryAnswer>;

ReadResult read_participant(const persistence::Store& store, const ParticipantById& ask);
ReadResult read_participants(const persistence::Store& store, const ParticipantPage& ask);
ReadResult read_transaction(const persistence::Store& store, const TransactionById& ask);
ReadResult read_transactions(const persistence::Store& store, const TransactionPage& ask);

// The accounts that the query shows: query.account_ids, query.accounts and query.next. Why there
// are none, or nothing.
std::optional<ledger::Error> read_accounts_of(const persistence::Store& store,
                                              const AccountsOfParticipant& ask, Query& query);
// Joins what the shard said (query.readings of query.account_ids) with the accounts' rows.
ReadResult join_accounts(const persistence::Store& store, Query& query);

// With AccountPage: the rows of the page, as query.accounts and query.next. Why there are none, or
// nothing.
std::optional<ledger::Error> read_page(const persistence::Store& store, Query& query);
// The page: those rows with query.balances.
ReadResult join_page(Query& query);
ReadResult read_balance_sheet(const persistence::Store& store, const Query& query,
                              const persistence::ChainHead& head,
                              const std::vector<ledger::Amount>& balances);
ledger::Error sheet_too_large_error();
// Walks the chain and holds what it says against the balances of the journal and of the shards.
ReadResult verify_chain(const persistence::Store& store, const Snapshot& snapshot);

}  // namespace sg::actors
