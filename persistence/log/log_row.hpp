// A row of the log: one entry of Raft's log, as it stands beside the chain. The chain is the data
// of the log, and there is no second copy: a row names its block.
//
//   meta family:  "log/" be64(index) -> row
//   row     := term:varint kind:u8 data
//   data    := place of a block, or 0:u8 level:varint, or 0:u8 0:u8 (member:varint store:16)+,
//              or the bytes of a change, or nothing
//   place   := first:varint records:varint bytes:varint hash:32 bytes
//
// A level is the newest format that a block may have from there on: every member can read it.
// Stores say which store belongs to a member: one that lost its store is not taken for the one that
// acknowledged entries. No place begins with 0, and no level is 0.
//
// Entries that Raft makes itself have no block: the empty entry of a new leader, and changes of the
// membership. Term and index stay outside of the block, so the hash chain does not depend on who
// led.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/chain/format.hpp"
#include "persistence/chain/record.hpp"

namespace sg::persistence {

using LogIndex = std::uint64_t;  // the first is 1
using LogTerm = std::uint64_t;
// A name that nothing else has: random bytes. Zeros: none.
using StoreId = std::array<std::uint8_t, 16>;
using Level = std::uint16_t;

// The store that belongs to a member.
struct OwnedStore {
  std::uint64_t member = 0;
  StoreId store{};
  bool operator==(const OwnedStore&) const = default;
};

// What this program can read, and where a new group begins: every program that has groups reads it.
inline constexpr Level kKnownLevel = kNewestFormat;
inline constexpr Level kFirstLevel = kFormatOfExtensions;

// Where a block stands in the chain, and which one it is. Its encoding is what Raft stores of the
// entry.
struct BlockPlace {
  Sequence first = 0;
  std::uint32_t records = 0;
  std::uint64_t bytes = 0;  // of the block
  BlockHash hash{};
  Sequence last() const { return first + records - 1; }
  bool operator==(const BlockPlace&) const = default;
};

struct LogRow {
  LogTerm term = 0;
  std::uint8_t kind = 0;  // 0: a block, a level, stores, or a leader's empty entry; above: for Raft
  std::string data;
  bool has_block() const { return kind == 0 && !data.empty() && data.front() != '\0'; }
  bool has_stores() const { return kind == 0 && data.size() > 1 && data[0] == 0 && data[1] == 0; }
  bool has_level() const { return kind == 0 && data.starts_with('\0') && !has_stores(); }
  bool operator==(const LogRow&) const = default;
};

std::string encode(const BlockPlace& place);
// Nullopt: the bytes are no place.
std::optional<BlockPlace> decode_place(std::string_view bytes);

std::string encode_level(Level level);
// Nullopt: the bytes are no level.
std::optional<Level> decode_level(std::string_view bytes);

// Needs: `stores` is not empty.
std::string encode_stores(const std::vector<OwnedStore>& stores);
// Nullopt: the bytes are no stores.
std::optional<std::vector<OwnedStore>> decode_stores(std::string_view bytes);

std::string encode(const LogRow& row);
std::optional<LogRow> decode_log_row(std::string_view bytes);

// The key of an entry's row in the meta family.
std::string log_key(LogIndex index);
// Nullopt: the key is not that of a row.
std::optional<LogIndex> index_of_log_key(std::string_view key);

}  // namespace sg::persistence
