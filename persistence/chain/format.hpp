// Constants of the store's format, shared by what writes and what reads.
#pragma once

#include <cstdint>
#include <string_view>

#include "persistence/chain/record.hpp"

namespace sg::persistence {

// The format's version counts up with every change that an older reader would misread. Every block
// carries the least version that its records need. The meta family has the highest version of any
// block, so that an older program refuses the store instead of misreading it.
//
//   4  the oldest that is opened, and the version of a new store
//   5  a record's kind may stand in a byte of its own, and a record may have an extension
//   6  of the store alone, no block has it: the store belongs to a member of a group
//      (log/log_store.hpp), so its last blocks may not be committed
//   7  a transfer may have the details of a command in its extension, keys may be sealed,
//      transactions taken back, and policies changed
inline constexpr std::uint16_t kOldestFormat = 4;
inline constexpr std::uint16_t kNewestFormat = 7;
inline constexpr std::uint16_t kFormatOfExtensions = 5;
inline constexpr std::uint16_t kFormatOfMembers = 6;
inline constexpr std::uint16_t kFormatOfCommands = 7;
inline constexpr std::uint16_t kNewestStoreFormat = kNewestFormat;
// The hash that spreads accounts over shards (ledger::shard_hash).
inline constexpr std::string_view kShardHashName = "fnv1a-splitmix64";

// --- blocks: grammar in block_writer.cpp ---
inline constexpr std::uint32_t kBlockMagic = 0x4B4C4253;  // "SBLK"
// A block is sealed at the first end of a unit past this size.
inline constexpr std::size_t kBlockTargetBytes = 16 * 1024;

namespace header_at {
inline constexpr std::size_t kMagic = 0;          // u32
inline constexpr std::size_t kVersion = 4;        // u16
inline constexpr std::size_t kReserved = 6;       // u16, zero
inline constexpr std::size_t kFirst = 8;          // u64, sequence of the first record
inline constexpr std::size_t kCount = 16;         // u32, records
inline constexpr std::size_t kRecordBytes = 20;   // u32
inline constexpr std::size_t kTime = 24;          // i64, ms since 1970
inline constexpr std::size_t kRunMs = 32;         // i64, ms that servers ran on this store
inline constexpr std::size_t kAccounts = 40;      // u32, accounts before the block
inline constexpr std::size_t kReserved2 = 44;     // u32, zero
inline constexpr std::size_t kTransactions = 48;  // u64, over the chain up to the block's end
inline constexpr std::size_t kPostings = 56;      // i128, over the chain up to the block's end
inline constexpr std::size_t kPreviousHash = 72;  // 32 bytes
inline constexpr std::size_t kEnd = 104;
}  // namespace header_at

inline constexpr std::size_t kHeaderBytes = header_at::kEnd;
inline constexpr std::size_t kOffsetBytes = sizeof(std::uint32_t);
inline constexpr std::size_t kChecksumBytes = sizeof(std::uint32_t);

// The first byte of a record: its kind in the low bits, and flags.
enum class RecordKind : std::uint8_t {
  credit = 1,
  debit = 2,
  transfer = 3,
  account = 4,
  participant = 5,
  seal = 8,      // of a key; needs format 7
  reversal = 9,  // of a transaction; needs format 7
  policy = 10,   // of an account, or of the ledger; needs format 7
};
inline constexpr std::uint8_t kKindMask = 0x07;
inline constexpr std::uint8_t kHasKey = 0x08;
// The record is the last of its unit: only there must floors hold, since an atomic batch is netted.
inline constexpr std::uint8_t kEndsUnit = 0x10;
inline constexpr std::uint8_t kKnownBits = kKindMask | kHasKey | kEndsUnit;
// From format 5 on: in place of a kind, a kind above 7 stands in the byte after the tag. No reader
// can pass over a kind that it does not know, so each new one raises the version.
inline constexpr std::uint8_t kKindFollows = 7;
// From format 5 on: an extension ends the record. It adds to the record and never changes what the
// other fields mean, so a reader that does not know it still has the right money and keys.
inline constexpr std::uint8_t kHasExtension = 0x20;

constexpr bool is_transaction(RecordKind kind) {
  return (kind >= RecordKind::credit && kind <= RecordKind::transfer) ||
         kind == RecordKind::reversal || kind == RecordKind::policy;
}

constexpr bool needs_commands(RecordKind kind) {
  return kind == RecordKind::seal || kind == RecordKind::reversal || kind == RecordKind::policy;
}

// Whether the indexes know the record.
constexpr bool has_mentions(RecordKind kind) {
  return is_transaction(kind) || kind == RecordKind::seal;
}

// --- the meta family ---
inline constexpr std::string_view kMetaVersion = "format";        // u16, see kOldestFormat
inline constexpr std::string_view kMetaShardHash = "shard_hash";  // text
inline constexpr std::string_view kMetaIndexed = "indexed";       // u64, the runs have all up to it
inline constexpr std::string_view kMetaRuns = "runs";             // record_index.cpp
inline constexpr std::string_view kMetaLinks = "links";           // run_list.cpp
inline constexpr std::string_view kMetaKeysGivenUp =
    "keys_given_up";  // u64, keys of records up to it have expired and may be in no run
inline constexpr std::string_view kMetaCheckpoint =
    "checkpoint";  // u64, balances hold all up to it
inline constexpr std::string_view kMetaCheckpointPages =
    "checkpoint_pages";  // page_stamps.hpp, written with each marker

}  // namespace sg::persistence
