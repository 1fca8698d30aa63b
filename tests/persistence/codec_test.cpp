#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "bed.hpp"
#include "persistence/chain/block_reader.hpp"
#include "persistence/chain/group_contents.hpp"
#include "persistence/encoding/crc32c.hpp"
#include "persistence/index/run_list.hpp"
#include "persistence/rows/rows.hpp"

namespace sg::persistence {
namespace {

using test::TransferSpec;

rc::Gen<TransferSpec> any_transfer() {
  const auto postings = rc::gen::container<std::vector<Posting>>(rc::gen::build<Posting>(
      rc::gen::set(&Posting::account, rc::gen::inRange<AccountNumber>(0, ledger::kNoAccount)),
      rc::gen::set(&Posting::amount, rc::gen::arbitrary<Amount>())));
  const auto kind = rc::gen::element(ledger::TransferKind::credit, ledger::TransferKind::debit,
                                     ledger::TransferKind::transfer);
  return rc::gen::build<TransferSpec>(
      rc::gen::set(&TransferSpec::postings, postings), rc::gen::set(&TransferSpec::reference),
      rc::gen::set(&TransferSpec::key), rc::gen::set(&TransferSpec::kind, kind));
}

std::unique_ptr<GroupContents> encode_group(const std::vector<TransferSpec>& transfers,
                                            const ChainHead& head = {}) {
  Group group(head, 1'000, 10);
  for (const auto& transfer : transfers) {
    group.add(transfer.record());
    group.end_unit();
  }
  return std::move(group).finish();
}

bool same(const TransferSpec& written, const DecodedRecord& read) {
  bool equal = static_cast<int>(written.kind) == static_cast<int>(read.kind) &&
               written.reference == read.reference && written.key == read.key &&
               written.postings.size() == read.postings.size();
  for (std::size_t i = 0; equal && i < written.postings.size(); ++i) {
    equal = written.postings[i].account == read.postings[i].account &&
            written.postings[i].amount == read.postings[i].amount;
  }
  return equal;
}

}  // namespace

TEST_CASE("A block gives back what was written into it") {
  rc::prop("any transfers", [] {
    const auto transfers =
        *rc::gen::nonEmpty(rc::gen::container<std::vector<TransferSpec>>(any_transfer()));
    ChainHead head;
    head.sequence = 41;
    head.accounts = 7;
    head.totals = {5, WideAmount{1} << 90};
    const auto group = encode_group(transfers, head);

    std::size_t next = 0;
    DecodedRecord record;
    for (const BlockSlice& slice : group->writer.blocks()) {
      const auto block = BlockView::parse(group->writer.bytes_of(slice));
      RC_ASSERT(block.has_value());
      RC_ASSERT(block->first() == head.sequence + 1 + next);
      RC_ASSERT(block->stamp().accounts_before == 7u);
      for (std::uint32_t i = 0; i < block->count(); ++i, ++next) {
        RC_ASSERT(block->read_record(i, record));
        RC_ASSERT(record.sequence == head.sequence + 1 + next);
        RC_ASSERT(record.ends_unit);
        RC_ASSERT(same(transfers[next], record));
      }
    }
    RC_ASSERT(next == transfers.size());
    RC_ASSERT(group->head.totals.transactions == 5 + transfers.size());
  });
}

TEST_CASE("Any flipped bit of a block is detected") {
  rc::prop("wherever it is", [] {
    const auto transfers =
        *rc::gen::nonEmpty(rc::gen::container<std::vector<TransferSpec>>(any_transfer()));
    const auto group = encode_group(transfers);
    std::string bytes(group->writer.bytes_of(group->writer.blocks().front()));
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    const auto bit = *rc::gen::inRange(0, 8);
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
    RC_ASSERT(!BlockView::parse(bytes).has_value());
  });
}

TEST_CASE("A cut block is detected") {
  const auto group = encode_group({{{{1, 5}, {2, -5}}, "reference"}});
  const std::string_view bytes = group->writer.bytes_of(group->writer.blocks().front());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(BlockView::parse(bytes.substr(0, size)).has_value());
  }
}

TEST_CASE("A two-party transfer with a short reference takes under 70 bytes") {
  std::vector<TransferSpec> transfers;
  for (AccountNumber i = 0; i < 10'000; ++i) {
    transfers.push_back({{{i, -12'345}, {i * 7 % 10'000, 12'345}}, "invoice-12345"});
  }
  const auto group = encode_group(transfers);
  CHECK(group->writer.buffer().size() / transfers.size() < 35);
  transfers.front().key = "3f2b8c1e-58ac-4b4b-8888-0123456789ab";
  for (auto& transfer : transfers) transfer.key = transfers.front().key;
  CHECK(encode_group(transfers)->writer.buffer().size() / transfers.size() < 75);
}

TEST_CASE("Blocks are sealed past their target size, at the end of a unit only") {
  const TransferSpec transfer{{{1, 5}, {2, -5}}, std::string(500, 'r')};
  Group group(ChainHead{}, 1, 1);
  for (int i = 0; i < 100; ++i) group.add(transfer.record());
  group.end_unit();
  for (int i = 0; i < 100; ++i) {
    group.add(transfer.record());
    group.end_unit();
  }
  const auto contents = std::move(group).finish();
  const auto& blocks = contents->writer.blocks();
  REQUIRE(blocks.size() > 3);
  const auto first = BlockView::parse(contents->writer.bytes_of(blocks[0]));
  CHECK(first->count() == 100);
  DecodedRecord record;
  REQUIRE(first->read_record(98, record));
  CHECK_FALSE(record.ends_unit);
  REQUIRE(first->read_record(99, record));
  CHECK(record.ends_unit);
  for (std::size_t i = 1; i + 1 < blocks.size(); ++i) {
    CHECK(blocks[i].bytes >= kBlockTargetBytes);
    CHECK(blocks[i].bytes < kBlockTargetBytes + 1'000);
  }
  for (std::size_t i = 1; i < blocks.size(); ++i) {
    const auto before = BlockView::parse(contents->writer.bytes_of(blocks[i - 1]));
    const auto block = BlockView::parse(contents->writer.bytes_of(blocks[i]));
    CHECK(block->stamp().previous == before->hash());
    CHECK(block->first() == before->last() + 1);
  }
}

namespace {

// The block with other bytes at a place, under a checksum that is right.
std::string altered(std::string_view block, std::size_t at, std::string_view bytes) {
  std::string out(block);
  out.replace(at, bytes.size(), bytes);
  const auto covered = out.size() - kChecksumBytes;
  put_fixed(out.data() + covered, crc32c({out.data(), covered}));
  return out;
}

std::string small_block() {
  const auto group = encode_group({{{{1, 5}, {2, -5}}, "reference", "key"}});
  return std::string(group->writer.bytes_of(group->writer.blocks().front()));
}

}  // namespace

// Found by the fuzz targets `block` and `row`: what decodes has to be what was encoded.
TEST_CASE("A block that no writer here writes is refused, whatever its checksum says") {
  using namespace std::string_literals;
  const auto block = small_block();
  REQUIRE(BlockView::parse(altered(block, header_at::kFirst, "\x05"s)).has_value());
  CHECK_FALSE(
      BlockView::parse(altered(block, header_at::kFirst, std::string(8, '\0'))).has_value());
  CHECK(BlockView::parse(altered(block, header_at::kFirst, std::string(8, '\xFF'))).has_value());
  CHECK_FALSE(BlockView::parse(altered(block, header_at::kReserved, "\x01"s)).has_value());
  CHECK_FALSE(BlockView::parse(altered(block, header_at::kReserved2, "\x01"s)).has_value());
  const auto offset_at = block.size() - kChecksumBytes - kOffsetBytes;
  CHECK_FALSE(BlockView::parse(altered(block, offset_at, be32(kHeaderBytes + 1))).has_value());
}

TEST_CASE("A block's sequences do not pass the last one there is") {
  const auto group = encode_group({{{{1, 5}}, "a"}, {{{1, 5}}, "b"}});
  const auto block = group->writer.bytes_of(group->writer.blocks().front());
  CHECK_FALSE(BlockView::parse(altered(block, header_at::kFirst, std::string(8, '\xFF'))));
}

TEST_CASE("A number is read in its shortest form only") {
  using namespace std::string_literals;
  const auto read = [](const std::string& bytes) {
    ByteReader in(bytes);
    in.varint();
    return in.at_end();
  };
  CHECK(read("\x00"s));
  CHECK(read("\x80\x01"s));
  CHECK(read(std::string(9, '\xFF') + "\x01"));
  CHECK_FALSE(read("\x80\x00"s));
  CHECK_FALSE(read(std::string(9, '\xFF') + "\x02"));
  CHECK_FALSE(read(std::string(10, '\xFF') + "\x01"));
}

TEST_CASE("An account's number in a row has 32 bits") {
  using namespace std::string_literals;
  ledger::Account account;
  account.id = "alice";
  account.number = 1;
  auto row = encode(account);
  REQUIRE(decode_account(row).has_value());
  row.replace(2, 1, "\x81\x80\x80\x80\x10"s);  // 2^32 + 1
  CHECK_FALSE(decode_account(row).has_value());
  CHECK_FALSE(decode_run_list("\x81\x80\x80\x80\x10\x00\x00"s).has_value());
  CHECK(decode_run_list("\x01\x00\x00"s).has_value());
}

TEST_CASE("Metadata that is out of order or has a key twice does not decode") {
  ledger::Participant participant;
  participant.id = "seb";
  participant.metadata = {{"a", "1"}, {"b", "2"}};
  const auto row = encode(participant);
  REQUIRE(decode_participant(row).has_value());
  for (const auto* keys : {"ba", "aa"}) {
    auto other = row;
    other[row.size() - 7] = keys[0];
    other[row.size() - 3] = keys[1];
    CAPTURE(keys);
    CHECK_FALSE(decode_participant(other).has_value());
  }
}

TEST_CASE("A row that is cut or too long does not decode") {
  ledger::Participant participant;
  participant.id = "seb";
  participant.name = "Bank";
  participant.role = ledger::ParticipantRole::supplier;
  participant.metadata = {{"a", "b"}};
  ledger::Account account;
  account.id = "seb:fees";
  account.number = 300;
  account.metadata = {{"a", "b"}};
  const auto participant_row = encode(participant);
  const auto account_row = encode(account);
  REQUIRE(decode_participant(participant_row).has_value());
  REQUIRE(decode_account(account_row).has_value());
  CHECK(account_id_of(account_row) == "seb:fees");
  CHECK_FALSE(decode_participant(participant_row + "x").has_value());
  CHECK_FALSE(decode_account(account_row + "x").has_value());
  for (std::size_t size = 0; size < participant_row.size(); ++size) {
    CHECK_FALSE(decode_participant(participant_row.substr(0, size)).has_value());
  }
  for (std::size_t size = 0; size < account_row.size(); ++size) {
    CHECK_FALSE(decode_account(account_row.substr(0, size)).has_value());
  }
}

}  // namespace sg::persistence
