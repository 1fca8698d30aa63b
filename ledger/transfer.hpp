// A transfer as it is asked for, and what makes it valid before any account is looked at.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ledger/error.hpp"
#include "ledger/ids.hpp"
#include "ledger/money.hpp"

namespace sg::ledger {

// Numbers are those of the store.
enum class TransferKind : std::uint8_t { credit = 1, debit = 2, transfer = 3 };

std::string_view to_string(TransferKind kind);

inline constexpr std::size_t kMaxEntries = 4096;
inline constexpr std::size_t kMaxReferenceBytes = 1024;
inline constexpr std::size_t kMaxBatchTransfers = 10'000;

struct Entry {
  std::string_view account_id;
  Amount amount = 0;  // positive credits, negative debits
};

// A view: entries and texts are owned by the request that carries it.
struct Transfer {
  TransferKind kind = TransferKind::transfer;
  std::span<const Entry> entries;
  std::string_view reference;
  std::string_view idempotency_key;  // empty: none
  std::uint64_t key_hash = 0;        // with a key; whoever makes the submission fills it
};

// Method, entries in order and reference: two requests with one key must agree in them.
bool same_content(const Transfer& a, const Transfer& b);

// The argument checks of the status table, in entry order, then reference, then key. A credit's or
// debit's own amount rule is check_amount's.
std::optional<Error> check(const Transfer& transfer);

// The keys of an atomic batch: either every transfer has one, or none has (KEYS_MIXED).
std::optional<Error> check_atomic_keys(std::span<const Transfer> transfers);

// The amount of a credit or debit request: above 0.
std::optional<Error> check_amount(Amount amount);

}  // namespace sg::ledger
