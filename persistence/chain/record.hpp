// What the chain records, as the journal hands it over and as readers get it back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/account.hpp"
#include "ledger/flow/idempotency.hpp"
#include "ledger/ids.hpp"
#include "ledger/money.hpp"
#include "ledger/origin.hpp"
#include "ledger/reversal.hpp"
#include "ledger/transfer.hpp"
#include "persistence/encoding/sha256.hpp"

namespace sg::persistence {

using ledger::AccountNumber;
using ledger::Amount;
using ledger::Sequence;
using ledger::TimeMs;
using ledger::WideAmount;

// Of an idempotency key: the first 8 bytes of its SHA-256, so that nobody can make keys collide.
std::uint64_t key_hash(std::string_view key);
// Fills it in a transfer that has a key.
inline void stamp(ledger::Transfer& transfer) {
  if (!transfer.idempotency_key.empty()) transfer.key_hash = key_hash(transfer.idempotency_key);
}

struct Posting {
  AccountNumber account = ledger::kNoAccount;
  Amount amount = 0;
};

// A decided transfer on its way into a block; a view, read before the call returns.
struct TransferRecord {
  ledger::TransferKind kind = ledger::TransferKind::transfer;
  std::span<const Posting> postings;  // in the request's entry order
  std::string_view reference;
  std::string_view idempotency_key;          // empty: none
  std::uint64_t key_hash = 0;                // read only with a key
  std::string_view extension = {};           // further fields, encoded; empty: none. Needs format 5
  const ledger::Details* details = nullptr;  // what was said beside; null: nothing. Needs format 7
  const ledger::Origin* origin = nullptr;    // who sent it; null: not kept. Needs format 5
  const ledger::Remainder* remainder = nullptr;  // with a reversal, and only there
  const ledger::PolicyResult* policy = nullptr;  // with a policy, and only there
};

// A key is sealed: nothing will ever commit with it. A view, as above. Needs format 7.
struct SealRecord {
  std::string_view key;
  std::uint64_t number = 0;  // it is the ledger's n-th seal, from 1
  const ledger::Origin* origin = nullptr;
  std::string_view extension = {};
};

// ledger::PolicyChange, with texts of its own.
struct StoredPolicyChange {
  StoredPolicyChange() = default;
  explicit StoredPolicyChange(const ledger::PolicyChange& from)
      : account_id(from.account_id), sweep_to(from.sweep_to), note(from.note), rest_(from) {
    rest_.account_id = rest_.sweep_to = rest_.note = {};
  }
  // As views of these texts.
  ledger::PolicyChange view() const {
    auto change = rest_;
    change.account_id = account_id;
    change.sweep_to = sweep_to;
    change.note = note;
    return change;
  }
  bool operator==(const StoredPolicyChange&) const = default;

  std::string account_id;
  std::string sweep_to;
  std::string note;

 private:
  ledger::PolicyChange rest_;  // without texts
};

// ledger::Details, with texts of its own.
struct StoredDetails {
  ledger::Metadata metadata;
  TimeMs effective_at = 0;
  bool balanced = false;
  bool unique_reference = false;
  ledger::TransactionPlace reverses{};
  bool reverses_all = false;
  std::optional<StoredPolicyChange> policy{};

  bool operator==(const StoredDetails&) const = default;
};

// A committed transfer as readers get it.
struct StoredTransaction {
  struct Entry {
    std::string account_id;
    Amount amount = 0;
  };
  Sequence sequence = 0;
  TimeMs time = 0;
  ledger::TransferKind kind = ledger::TransferKind::transfer;
  std::vector<Entry> entries;
  std::string reference;
  StoredDetails details;
  bool ends_unit = true;  // it is the last of what was committed as a whole
  // Of a policy, where it is read alone: what it has made, and of which account. The account is
  // left out if it is that of the whole ledger.
  std::optional<ledger::PolicyResult> policy{};
  std::optional<ledger::Account> account{};
  // Its reversals, newest first and at most kMaxReversedBy; only where one is read alone.
  std::vector<ledger::TransactionPlace> reversed_by;
};
inline constexpr std::size_t kMaxReversedBy = 100;

using ledger::KeyBinding;

// What a record has made of a policy: a policy, or the creation of an account with a ceiling.
struct PolicyRow {
  Sequence sequence = 0;
  ledger::PolicyResult result;
};

// Balances of consecutive accounts, the first of them number page * kBalancesOfPage, with all
// records up to `sequence` in them and none after. The last page may be shorter.
struct BalancePage {
  std::uint32_t page = 0;
  Sequence sequence = 0;
  std::vector<Amount> balances;
};
inline constexpr std::uint32_t kBalancesOfPage = 64;
constexpr std::size_t balance_pages(std::size_t accounts) {
  return (accounts + kBalancesOfPage - 1) / kBalancesOfPage;
}

// Sums over the whole chain, kept in every block.
struct ChainTotals {
  std::uint64_t transactions = 0;  // transfers, credits and debits; creations do not count
  WideAmount postings = 0;         // of transactions and initial balances
};

struct ChainHead {
  Sequence sequence = 0;  // last record; 0: the chain is empty
  TimeMs time = 0;        // of the last block
  BlockHash hash{};       // of the last block; zero when there is none
  ChainTotals totals;
  AccountNumber accounts = 0;  // how many exist; the next one's number
  std::int64_t run_ms = 0;     // how long servers ran on this store, at the last block
};

// Where a block of the chain ends. Two chains that have the same end are the same up to there.
struct ChainEnd {
  Sequence sequence = 0;  // of its last record; 0: before the first block
  BlockHash hash{};       // of the block; zero before the first
  bool operator==(const ChainEnd&) const = default;
};

// Blocks of a chain as they are, in order.
struct ChainCopy {
  std::vector<std::string> blocks;
};

}  // namespace sg::persistence
