// Taking a transaction back: what is left of it, and what one more reversal of it may move. All
// that its reversals move on an account never exceeds what the transaction itself moved there.
//
//   if (transfer.details->reverses_all) entries = all_of(original.remaining);
//   if (auto error = take_back(original, transfer)) refuse(*error);   // else less is left of it
//
// Plain values and pure functions: thread-safe.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/error.hpp"
#include "ledger/ids.hpp"
#include "ledger/money.hpp"
#include "ledger/transfer.hpp"

namespace sg::ledger {

// What a transaction has moved on one account, less what was taken back; not 0.
struct Remaining {
  AccountNumber account = kNoAccount;
  std::string account_id;
  WideAmount amount = 0;
};

// The record that a reversal names.
struct Original {
  TransactionPlace place;
  Sequence newest = 0;        // the last record that tells of it: itself, or its last reversal
  bool is_reversible = true;  // false: it moved no money
  bool is_unread = false;     // there was no room for what is left of it
  bool balanced = false;      // its entries had to sum to zero, and so have those of its reversals
  std::vector<Remaining> remaining;  // in the order of its entries; empty: nothing is left
};

// What is left after a reversal, as the chain keeps it: so that only the last one has to be read,
// however many there are.
struct Remainder {
  struct Part {
    AccountNumber account = kNoAccount;
    Amount amount = 0;
    bool operator==(const Part&) const = default;
  };
  // An account whose amount does not fit has several.
  std::vector<Part> parts;
  bool balanced = false;  // as in Original
  bool operator==(const Remainder&) const = default;
};

// A reversal as it was worked out.
struct Reversal {
  std::vector<Remaining> before;  // owns the texts of `entries`
  std::vector<Entry> entries;     // if they were not asked for
  Remainder remainder;            // after it
};

// Those of one submission, with one place for each of its items: the coordinator works out one item
// while the journal reads another.
//
// An attempt that was given up stays as well: shards may still look at its entries.
struct Reversals {
  explicit Reversals(std::size_t items) : of_item(items, nullptr) {}

  std::deque<Reversal> all;
  std::vector<Reversal*> of_item;  // of several attempts the last; null: it is no reversal
  std::size_t amounts = 0;         // about as many are held here
  std::size_t made = 0;            // among them, for entries that were not asked for
};

// The most accounts that one unit, or the entries that were made for one submission, may have of
// what is taken back.
inline constexpr std::size_t kMaxReversedEntries = 200'000;

// What takes all of it back. The entries are views of `remaining`, which has to stay where it is.
std::vector<Entry> all_of(std::span<const Remaining> remaining);
// Takes the reversal's entries off what is left. NOT_REVERSIBLE; REVERSAL_EXCEEDED if there is less
// left on some account, or nothing at all; ENTRIES_UNBALANCED if the original was balanced. Nothing
// has changed then.
std::optional<Error> take_back(Original& original, const Transfer& reversal);
Remainder remainder_of(const Original& original);

}  // namespace sg::ledger
