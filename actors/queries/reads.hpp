// Reads of the store as answers to queries. Each function checks the arguments, reads, and makes
// the answer or the error. All of them block on the disk.
//
//   auto result = read_participant(store, ParticipantById{"seb"});   // or PARTICIPANT_NOT_FOUND
//
// Concurrency: thread-safe as far as the store is; a query is worked on by one thread at a time.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "actors/query.hpp"
#include "actors/snapshot.hpp"
#include "persistence/store.hpp"

namespace sg::actors {

// The answer, or the error that the caller is told. A failure of the store becomes UNAVAILABLE.
using ReadResult = ledger::Result<QueryAnswer>;

// LIMIT_OUT_OF_RANGE unless the limit of a page is from 0 to 1,000.
std::optional<ledger::Error> check_limit(std::int64_t limit);
// PAGE_TOKEN_INVALID.
ledger::Error bad_token_error();

// Reads that the store answers alone. Pages are bounded by limit and page_bytes (see
// answer_rows.hpp).
ReadResult read_participant(const persistence::Store& store, const ParticipantById& ask);
ReadResult read_participants(const persistence::Store& store, const ParticipantPage& ask);
ReadResult read_transaction(const persistence::Store& store, const TransactionById& ask);
// A TransactionList, which ends early if it gets too large, or `cancelled` is set meanwhile.
ReadResult read_transactions_at(const persistence::Store& store, const TransactionsAt& ask,
                                const std::atomic<bool>& cancelled);
ReadResult read_transactions(const persistence::Store& store, const TransactionPage& ask);
ReadResult read_key_outcome(const persistence::Store& store, const KeyOutcomeOf& ask);
ReadResult find_transactions(const persistence::Store& store, const ReferencePage& ask);
ReadResult read_policies(const persistence::Store& store, const PolicyPage& ask);

// Reads the accounts of a participant: fills query.accounts, query.account_ids and query.next.
// Returns the error, or nullopt.
std::optional<ledger::Error> read_accounts_of(const persistence::Store& store,
                                              const AccountsOfParticipant& ask, Query& query);
// The answer: the accounts' rows with the balances that the shard has read (query.readings, in the
// order of query.account_ids).
ReadResult join_accounts(const persistence::Store& store, Query& query);

// Reads the rows of a page of accounts: fills query.accounts and query.next. Returns the error, or
// nullopt. Needs: query.ask is an AccountPage.
std::optional<ledger::Error> read_page(const persistence::Store& store, Query& query);
// The answer: those rows with the balances that the journal gave (query.standings).
ReadResult join_page(Query& query);
// Walks over all accounts and sums up `balances`, which are by account number and stand at `head`.
// One line for each participant and account type, or for each type.
ReadResult read_balance_sheet(const persistence::Store& store, const Query& query,
                              const persistence::ChainHead& head,
                              const std::vector<ledger::Amount>& balances);
// RESULT_TOO_LARGE, with advice that fits a balance sheet.
ledger::Error sheet_too_large_error();
// Walks the chain and compares the balances that it makes with those of the journal and of the
// shards. Differences are problems in the report, not errors.
ReadResult verify_chain(const persistence::Store& store, const Snapshot& snapshot);

}  // namespace sg::actors
