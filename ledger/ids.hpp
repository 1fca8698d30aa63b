// Identifiers: the texts by which clients name accounts, participants, keys and transactions, and
// the numbers that stand for them inside.
//
//   auto error = check_id(id, "account_id");        // nullopt: the id is valid
//   auto shard = shard_of("seb:operating", 16);     // the same shard as that of "seb"
//   auto place = parse_transaction_id(transaction_id(time_ms, sequence));
//
// All functions are pure and thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/error.hpp"

namespace sg::ledger {

// The position of a committed record in the one total order. Sequences have no gaps. The first is
// 1; 0 means "before all records".
using Sequence = std::uint64_t;
// Stands for an account inside the process and in the store. Accounts are numbered from 0, without
// gaps, in the order in which they were created.
using AccountNumber = std::uint32_t;
// No account: a number that is never given to one.
inline constexpr AccountNumber kNoAccount = ~AccountNumber{0};
// Milliseconds since 1970-01-01 00:00 UTC.
using TimeMs = std::int64_t;

// The largest size of an id or an idempotency key, in bytes of UTF-8.
inline constexpr std::size_t kMaxIdBytes = 256;

// Checks a required id or idempotency key: 1 to 256 bytes of UTF-8 without control characters (C0,
// DEL, C1). `field` names it in the error, e.g. "entries[2].account_id". Returns ID_EMPTY,
// ID_TOO_LONG, ID_CONTROL_CHARACTER or NOT_UTF8, in that order of precedence, or nullopt.
std::optional<Error> check_id(std::string_view id, std::string_view field);

// True for well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF. The empty
// text is well-formed.
bool is_utf8(std::string_view text);

// The part of an id before its first ':', or all of it. A participant "seb" and its accounts
// "seb:..." have the same key, so they share a shard. The view lives as long as `id`.
std::string_view shard_key(std::string_view id);

// 64-bit FNV-1a (Fowler, Noll, Vo), finished by the mixer of splitmix64 (Steele, Lea, Flood 2014).
// It never changes and is the same on every machine, unlike absl::Hash.
std::uint64_t shard_hash(std::string_view key);

// The shard that owns `id`, from 0 to shards - 1. Needs: `shards` is at least 1.
inline std::size_t shard_of(std::string_view id, std::size_t shards) {
  return shards == 1 ? 0 : shard_hash(shard_key(id)) % shards;
}

// A transaction's public id has the layout of a ULID: 26 characters of Crockford's base 32. It
// holds the block time (48 bits) and the sequence (64 bits). So the id alone tells where the
// transaction is, and ids sort by age.
inline constexpr std::size_t kTransactionIdChars = 26;
std::string transaction_id(TimeMs time, Sequence sequence);
// Writes the same id to `to`, which has room for kTransactionIdChars bytes. No NUL is appended.
void write_transaction_id(TimeMs time, Sequence sequence, char* to);

// What a transaction's id holds.
struct TransactionPlace {
  TimeMs time = 0;
  Sequence sequence = 0;
  bool operator==(const TransactionPlace&) const = default;
};
// Reads an id that transaction_id() made. Returns nullopt for any other text. Lower case is not
// accepted, so a transaction has exactly one id.
std::optional<TransactionPlace> parse_transaction_id(std::string_view id);

}  // namespace sg::ledger
