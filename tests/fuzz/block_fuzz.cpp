// Blocks. The checksum is set right first, or hardly any input would get past it. A block that is
// taken and decodes gives the same bytes when it is written again, and no flipped bit of it is
// taken.
#include "persistence/chain/block_reader.hpp"
#include "persistence/encoding/crc32c.hpp"
#include "tests/fuzz/property.hpp"

using namespace sg;
using namespace sg::persistence;
using fuzz::must;

namespace {

void add_again(BlockWriter& writer, const DecodedRecord& record) {
  if (is_transaction(record.kind)) {
    TransferRecord transfer;
    transfer.kind = static_cast<ledger::TransferKind>(record.kind);
    transfer.postings = record.postings;
    transfer.reference = record.reference;
    transfer.idempotency_key = record.key;
    transfer.extension = record.extension;
    writer.add(transfer);
  } else if (record.kind == RecordKind::account) {
    writer.add(record.account, nullptr, record.extension);
  } else if (record.kind == RecordKind::seal) {
    writer.add(SealRecord{record.key, record.seal_number, nullptr, record.extension});
  } else {
    writer.add(record.participant, nullptr, record.extension);
  }
  if (record.ends_unit) writer.mark_unit_end();
}

void check_written_again(const BlockView& block) {
  BlockWriter writer;
  DecodedRecord record;
  writer.begin(block.first());
  for (std::uint32_t i = 0; i < block.count(); ++i) {
    if (!block.read_record(i, record)) return;
    must(record.sequence == block.first() + i, "a record's sequence is its place");
    must(is_transaction(record.kind) == block.is_transaction_at(i),
         "a transaction is one before it is decoded");
    add_again(writer, record);
  }
  const auto hash = writer.seal(block.stamp());
  std::string written(writer.bytes_of(writer.blocks().front()));
  const bool is_least = writer.newest_format() == block.format();
  // A block of a newer version than its records need is readable, though nobody writes it: all of
  // its other bytes are the same.
  if (!is_least) {
    must(writer.newest_format() < block.format(), "a block has the version that it needs");
    put_fixed(written.data() + header_at::kVersion, block.format());
    const auto covered = written.size() - kChecksumBytes;
    put_fixed(written.data() + covered, crc32c({written.data(), covered}));
  }
  must(written == block.bytes(), "a block that decodes is written as the same bytes");
  must(!is_least || hash == block.hash(), "the same bytes have the same hash");
}

void check_flipped(std::string bytes, std::size_t bit) {
  auto& byte = bytes[bit / 8 % bytes.size()];
  byte = static_cast<char>(byte ^ (1 << (bit % 8)));
  must(!BlockView::parse(bytes), "a block with a flipped bit is refused");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(fuzz::text_of(data, size));
  const auto as_given = BlockView::parse(bytes);
  if (bytes.size() < kChecksumBytes) return 0;
  const auto covered = bytes.size() - kChecksumBytes;
  const auto checksum = crc32c({bytes.data(), covered});
  must(!as_given || get_fixed<std::uint32_t>(bytes.data() + covered) == checksum,
       "a block with a wrong checksum is refused");
  put_fixed(bytes.data() + covered, checksum);
  const auto block = BlockView::parse(bytes);
  if (!block) return 0;
  must(block->count() > 0 && block->first() > 0 && block->last() >= block->first(),
       "a block holds sequences");
  check_written_again(*block);
  check_flipped(bytes, checksum);
  return 0;
}
