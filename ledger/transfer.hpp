// A transfer as a caller asks for it, and the checks that need no account: number of entries, ids,
// amounts, texts. Whether the accounts exist and can pay is decided under locks.
//
//   const std::array entries{Entry{"alice", -500}, Entry{"bob", 500}};
//   Transfer transfer{.entries = entries, .reference = "invoice 17"};
//   if (auto error = check(transfer)) return *error;
//
// Plain values and pure functions: thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ledger/details.hpp"
#include "ledger/error.hpp"
#include "ledger/ids.hpp"
#include "ledger/money.hpp"

namespace sg::ledger {

// The numbers are those of the store, so they never change.
enum class TransferKind : std::uint8_t {
  credit = 1,
  debit = 2,
  transfer = 3,
  reversal = 9,
  policy = 10,
};

// "credit", "debit", "transfer", "reversal" or "policy".
std::string_view to_string(TransferKind kind);
// The kind of that name, or nullopt.
std::optional<TransferKind> parse_transfer_kind(std::string_view name);

// Limits of one request. The messages in transfer.cpp spell these numbers out.
inline constexpr std::size_t kMaxEntries = 4096;           // of a transfer
inline constexpr std::size_t kMaxReferenceBytes = 1024;    // of UTF-8
inline constexpr std::size_t kMaxBatchTransfers = 10'000;  // of a batch

// One movement on one account. The entries of a transfer need not sum to zero.
struct Entry {
  std::string_view account_id;
  Amount amount = 0;  // minor units; positive credits, negative debits
};

// A view: the request that carries the transfer owns its entries and texts, and must outlive it.
struct Transfer {
  TransferKind kind = TransferKind::transfer;
  std::span<const Entry> entries;
  std::string_view reference;        // free text of the caller; may be empty
  std::string_view idempotency_key;  // empty: none
  std::uint64_t key_hash = 0;        // of the key, if there is one; persistence::stamp() fills it
  const Details* details = nullptr;  // what a command says beside; null: nothing, never empty ones
};

// It is refused if a transaction has its reference already.
inline bool wants_unique_reference(const Transfer& transfer) {
  return transfer.details != nullptr && transfer.details->unique_reference;
}

// Its entries are all that is left of what it reverses: they were not asked for.
inline bool reverses_all(const Transfer& transfer) {
  return transfer.details != nullptr && transfer.details->reverses_all;
}

inline bool is_policy(const Transfer& transfer) { return transfer.kind == TransferKind::policy; }

// Whether the entries of a policy are the accounts that it names, in their order, with amount 0.
bool has_entries_of_policy(const Transfer& policy);

// True when kind, entries (in order), reference and details are equal. Two requests with one
// idempotency key must agree in these, or the second ends with IDEMPOTENCY_MISMATCH. Compares the
// content itself, not a digest. Entries that were not asked for do not count.
bool same_content(const Transfer& a, const Transfer& b);

// The argument checks of the status table: the number of entries, each entry in order, the
// reference, the details, the key, and that a reversal names an original. Returns the first error,
// or nullopt. A credit or debit also needs check_amount().
std::optional<Error> check(const Transfer& transfer);

// REFERENCE_TOO_LONG or NOT_UTF8, or nullopt.
std::optional<Error> check_reference(std::string_view reference);

// Returns KEYS_MIXED unless either every transfer of the atomic batch has a key, or none has.
std::optional<Error> check_atomic_keys(std::span<const Transfer> transfers);

// ENTRIES_UNBALANCED of entries that have to sum to zero, because `whose` asks for it; nullopt if
// they do.
std::optional<Error> check_balanced(const Transfer& transfer, std::string_view whose);

// AMOUNT_NOT_POSITIVE unless the amount of a credit or debit request is above 0. A debit's entry
// gets the negative amount afterwards.
std::optional<Error> check_amount(Amount amount);

}  // namespace sg::ledger
