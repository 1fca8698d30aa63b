// Identifiers: what clients name things by, and the numbers that stand for them inside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/error.hpp"

namespace sg::ledger {

// Place of a committed record in the one total order; dense, the first is 1, 0 means "before all".
using Sequence = std::uint64_t;
// Stands for an account inside the process and in the store; dense from 0 in order of creation.
using AccountNumber = std::uint32_t;
inline constexpr AccountNumber kNoAccount = ~AccountNumber{0};
// Milliseconds since 1970.
using TimeMs = std::int64_t;

inline constexpr std::size_t kMaxIdBytes = 256;

// Checks an id or an idempotency key that is not optional: 1 to 256 bytes of UTF-8 without control
// characters. `field` names it in the error, e.g. "entries[2].account_id".
std::optional<Error> check_id(std::string_view id, std::string_view field);

bool is_utf8(std::string_view text);

// The part before the first ':', so a participant and all of its accounts share a shard.
std::string_view shard_key(std::string_view id);

// FNV-1a, 64 bit, finished by splitmix64's mixer: fixed for ever, unlike absl::Hash.
std::uint64_t shard_hash(std::string_view key);

inline std::size_t shard_of(std::string_view id, std::size_t shards) {
  return shards == 1 ? 0 : shard_hash(shard_key(id)) % shards;
}

// A transaction's public id: 26 characters of Crockford base 32 that hold time and sequence, so the
// id alone tells where the transaction is, and ids sort by age (the layout of a ULID).
inline constexpr std::size_t kTransactionIdChars = 26;
std::string transaction_id(TimeMs time, Sequence sequence);
// The same into kTransactionIdChars bytes.
void write_transaction_id(TimeMs time, Sequence sequence, char* to);

struct TransactionPlace {
  TimeMs time = 0;
  Sequence sequence = 0;
};
// Nothing when `id` was not made by transaction_id.
std::optional<TransactionPlace> parse_transaction_id(std::string_view id);

}  // namespace sg::ledger
