// A request to read, on its way from the gateway to the queries actor and back.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "actors/backup.hpp"
#include "ledger/account.hpp"
#include "ledger/error.hpp"
#include "ledger/locks/shard_ledger.hpp"
#include "ledger/submission.hpp"
#include "persistence/chain/record.hpp"
#include "persistence/store.hpp"

namespace sg::actors {

struct ParticipantById {
  std::string id;
};
struct ParticipantPage {
  ledger::ParticipantRole role = ledger::ParticipantRole::unspecified;
  std::int64_t limit = 0;  // 0: all
  std::string token;
  std::int64_t page_bytes = 0;  // 0: not set; so in all pages
};
struct AccountsOfParticipant {
  std::string participant_id;
  std::int64_t page_bytes = 0;
  std::string token;
};
struct AccountById {
  std::string id;
};
struct BalanceOf {
  std::string account_id;
};
struct AccountPage {
  std::int64_t limit = 0;  // 0: 100
  std::string token;
  std::int64_t page_bytes = 0;
};
struct TransactionById {
  std::string id;
};
// What a caller itself has committed. The answer has the first of them, up to a size: what a
// request may say itself is far below that, but a reversal says less than it moves.
struct TransactionsAt {
  static constexpr std::size_t kMostBytes = 64 << 20;
  std::vector<ledger::Sequence> sequences;  // ascending
};
struct TransactionPage {
  std::string account_id;  // empty: every account
  std::int64_t limit = 0;  // 0: 50
  std::string token;
  ledger::TimeMs from = 0;
  ledger::TimeMs to = 0;  // exclusive; 0: no end
  std::int64_t page_bytes = 0;
};
// Transactions with that reference.
struct ReferencePage {
  std::string reference;
  std::int64_t limit = 0;  // 0: 50
  std::string token;
  std::int64_t page_bytes = 0;
};
// What was changed of an account's limits.
struct PolicyPage {
  std::string account_id;  // empty: of the whole ledger
  std::int64_t limit = 0;  // 0: 50
  std::string token;
  std::int64_t page_bytes = 0;
};
// What the record says that decided about a key, or how far the chain was looked through for it.
struct KeyOutcomeOf {
  ledger::ItemResult::State state = ledger::ItemResult::State::unbound;
  ledger::Sequence sequence = 0;
};
struct BalanceSheetOf {
  bool by_type = false;  // over all participants
};
// What committed, with who asked for it.
struct CommittedAudit {
  std::int64_t limit = 0;  // 0: 100
  std::string token;
  ledger::TimeMs from = 0;
  ledger::TimeMs to = 0;  // exclusive; 0: no end
  std::string caller;     // empty: everybody
};
// Lines of this node's own log of what it answered and refused.
struct AnsweredAudit {
  std::int64_t limit = 0;  // 0: 100
  std::string token;
};
// A portion of an export.
struct RecordsOfChain {
  ledger::Sequence first = 1;
  ledger::Sequence last = 0;  // 0: the last durable one
  bool with_identity = false;
};
struct VerifyChain {
  ledger::Sequence state_at = 0;  // the report has the hashes of that moment; 0: of none
};

struct AccountView {
  ledger::Account account;
  ledger::Amount balance = 0;
  ledger::Policy policy{};
};

struct Balance {
  std::string account_id;
  ledger::Amount balance = 0;
  ledger::Amount available = 0;
  ledger::Sequence sequence = 0;
};

using TransactionList = std::vector<persistence::StoredTransaction>;

struct FoundTransactions {
  Page<persistence::StoredTransaction> page;
  ledger::Sequence sequence = 0;  // all up to it was looked at
};

struct KeyOutcome {
  ledger::ItemResult::State state = ledger::ItemResult::State::unbound;
  ledger::Sequence sequence = 0;
  std::optional<persistence::StoredTransaction> transaction;  // with `committed`
  ledger::TimeMs keys_kept_since = 0;
};

struct ChainPortion {
  std::vector<persistence::ChainRecord> records;
  ledger::Sequence next = 0;
  ledger::Sequence last = 0;  // where the export ends
  std::string ledger;         // which one it is, if that was asked; empty: nothing was committed
};

struct BalanceSheet {
  struct Line {
    std::string participant_id;
    ledger::AccountType type = ledger::AccountType::standalone;
    std::uint64_t accounts = 0;
    ledger::WideAmount total = 0;
  };
  std::vector<Line> lines;  // by participant, then type
  ledger::WideAmount total = 0;
  persistence::ChainTotals totals;
};

using QueryAsk =
    std::variant<ParticipantById, ParticipantPage, AccountsOfParticipant, AccountById, BalanceOf,
                 AccountPage, TransactionById, TransactionsAt, TransactionPage, ReferencePage,
                 PolicyPage, KeyOutcomeOf, BalanceSheetOf, CommittedAudit, AnsweredAudit,
                 RecordsOfChain, VerifyChain, BackupAsk>;
using QueryAnswer =
    std::variant<std::monostate, ledger::Participant, Page<ledger::Participant>, AccountView,
                 Balance, Page<AccountView>, persistence::StoredTransaction, TransactionList,
                 Page<persistence::StoredTransaction>, FoundTransactions, KeyOutcome, BalanceSheet,
                 Page<persistence::AuditedRecord>, Page<std::string>, ChainPortion,
                 persistence::VerifyReport, BackupCreated, Page<BackupFacts>, BackupContents,
                 BackupVerified>;

// What a caller asks of an answer, on a node of a cluster. A ledger that stands alone always
// answers with all that was told to anybody before.
//
// All that was told to anybody before the query came.
struct LinearizableRead {};
// At least what an earlier answer showed: its sequence.
struct ReadAtLeast {
  ledger::Sequence sequence = 0;
};
// What is at most so old.
struct StaleRead {
  std::chrono::milliseconds bound{0};
};
using Freshness = std::variant<LinearizableRead, ReadAtLeast, StaleRead>;

// Moved by pointer, like a submission: who drops it unanswered makes its owner answer UNAVAILABLE.
class Query {
 public:
  Query() = default;
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  virtual ~Query() = default;

  QueryAsk ask;
  Freshness freshness;
  // The participant of whom alone something is told; empty: everything is told.
  std::string only_participant;
  ledger::Result<QueryAnswer> result;
  // Set from any thread when the client has gone: what is not done yet is left undone.
  std::atomic<bool> cancelled{false};
  // With VerifyChain: told now and then, from the walking thread; false stops the walk.
  std::function<bool(const persistence::VerifyProgress&)> progress;
  // With BackupAsk: the same.
  std::function<void(const persistence::BackupProgress&)> backup_progress;

  void answer(ledger::Result<QueryAnswer> answer) {
    if (answered_.exchange(true)) return;
    result = std::move(answer);
    on_answered();
  }
  bool answered() const { return answered_.load(); }
  // True when it was cancelled: then this was its answer.
  bool drop_if_cancelled() {
    if (!cancelled) return false;
    answer(tl::unexpected(cancelled_error()));
    return true;
  }
  static ledger::Error cancelled_error() {
    return {ledger::Reason::cancelled, "the caller has cancelled", {}, ledger::Outcome::none};
  }

  // --- the queries actor's own: what it has read so far ---
  std::vector<std::string> account_ids;  // all of one shard
  std::vector<std::optional<ledger::AccountReading>> readings;
  ledger::Sequence observed = 0;
  std::uint64_t journal_incarnation = 0;  // whose sequence that is
  // With AccountPage and AccountsOfParticipant: the page's rows. With AccountPage: how they stand,
  // as the journal tells it.
  std::vector<ledger::Account> accounts;
  bool has_rows = false;  // they were read, and may be newer than what journal and shards have
  std::vector<ledger::Standing> standings;
  std::string next;  // token of the next page

 private:
  virtual void on_answered() = 0;

  std::atomic<bool> answered_{false};
};

using QueryPtr = std::shared_ptr<Query>;

}  // namespace sg::actors
