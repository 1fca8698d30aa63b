// A cut block is what the writer would have made of the first records alone: their bytes, the
// offsets of these, and a header that counts them. Record bytes do not depend on what follows, so
// none is encoded anew. The totals are worked out backwards, from the records that are left out.
#include "persistence/chain/block_cut.hpp"

#include <algorithm>

#include "persistence/chain/block_cursor.hpp"
#include "persistence/encoding/crc32c.hpp"

namespace sg::persistence {
namespace {

// The totals before the record, which was counted into them.
void take_out(const DecodedRecord& record, ChainTotals& totals) {
  if (is_transaction(record.kind)) {
    --totals.transactions;
    for (const Posting& posting : record.postings) totals.postings -= posting.amount;
  } else if (record.kind == RecordKind::account) {
    totals.postings -= record.account.initial_balance;
  }
}

}  // namespace

std::uint32_t whole_units(const BlockView& block, std::uint32_t most) {
  if (most >= block.count()) return block.count();
  while (most > 0 && !block.starts_unit_at(most)) --most;
  return most;
}

StoreResult<std::string> cut_block(const BlockView& block, std::uint32_t count) {
  if (count >= block.count()) return std::string(block.bytes());
  ChainTotals totals = block.stamp().totals;
  std::uint16_t format = kOldestFormat;
  DecodedRecord record;
  for (std::uint32_t i = 0; i < block.count(); ++i) {
    if (auto read = read_record(block, block.first() + i, record); !read) {
      return tl::unexpected(read.error());
    }
    if (i >= count) {
      take_out(record, totals);
    } else if (has_details(record.extension) || needs_commands(record.kind)) {
      format = kFormatOfCommands;
    } else if (!record.extension.empty()) {
      format = std::max(format, kFormatOfExtensions);
    }
  }
  const auto whole = block.bytes();
  const std::size_t offsets_at =
      kHeaderBytes + get_fixed<std::uint32_t>(whole.data() + header_at::kRecordBytes);
  // Where the first record begins that is left out.
  const auto end =
      get_fixed<std::uint32_t>(whole.data() + offsets_at + std::size_t{count} * kOffsetBytes);

  std::string bytes(whole.substr(0, end));
  bytes.append(whole.substr(offsets_at, std::size_t{count} * kOffsetBytes));
  char* header = bytes.data();
  put_fixed(header + header_at::kVersion, format);
  put_fixed(header + header_at::kCount, count);
  put_fixed(header + header_at::kRecordBytes, static_cast<std::uint32_t>(end - kHeaderBytes));
  put_fixed(header + header_at::kTransactions, totals.transactions);
  put_fixed(header + header_at::kPostings, totals.postings);
  const auto checksum = crc32c(bytes);
  bytes.append(kChecksumBytes, '\0');
  put_fixed(bytes.data() + bytes.size() - kChecksumBytes, checksum);
  return bytes;
}

}  // namespace sg::persistence
