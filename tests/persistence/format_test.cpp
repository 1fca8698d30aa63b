// Versions of the format: a block has the least that its records need, and the store the highest of
// its blocks.
#include <catch2/catch.hpp>

#include "persistence/chain/block_reader.hpp"
#include "persistence/chain/group_contents.hpp"
#include "persistence/rows/meta.hpp"
#include "tests/persistence/bed.hpp"

using namespace sg::persistence;
using namespace sg::persistence::test;

namespace {

const std::vector<Posting> kPostings{{0, -5}, {1, 5}};

TransferRecord record_with(std::string_view extension) {
  TransferRecord record;
  record.postings = kPostings;
  record.reference = "invoice";
  record.idempotency_key = "key";
  record.key_hash = key_hash("key");
  record.extension = extension;
  return record;
}

// One transfer in a block of its own.
StoreResult<void> add(Store& store, std::string_view extension) {
  auto group = store.begin_group(1'700'000'000'000, 1'000);
  group.add(record_with(extension));
  return store.append_now(std::move(group));
}

void fill(Bed& bed) {
  bed.create_account("alice", 100);
  bed.create_account("bob");
  succeeded(add(*bed, {}));
}

}  // namespace

TEST_CASE("A block has version 4 unless one of its records has an extension") {
  const auto [extension, format] =
      GENERATE(std::pair{std::string(), kOldestFormat},
               std::pair{std::string("\x01\x02", 2), kFormatOfExtensions});
  Group group(ChainHead{}, 0, 0);
  group.add(record_with({}));
  group.add(record_with(extension));
  const auto contents = std::move(group).finish();
  CHECK(contents->writer.newest_format() == format);
  const auto& blocks = contents->writer.blocks();
  REQUIRE(blocks.size() == 1);
  const auto block = BlockView::parse(contents->writer.bytes_of(blocks.front()));
  REQUIRE(block);
  CHECK(block->format() == format);
  DecodedRecord record;
  REQUIRE(block->read_record(0, record));
  CHECK(record.extension.empty());
  REQUIRE(block->read_record(1, record));
  CHECK(record.extension == extension);
  CHECK(record.reference == "invoice");
  CHECK(record.key == "key");
  CHECK(block->is_transaction_at(1));
}

TEST_CASE("A store rises to format 5 with the first record that needs it, and stays there") {
  Bed bed(GENERATE(Backend::memory, Backend::rocksdb));
  fill(bed);
  CHECK(bed->format() == kOldestFormat);
  succeeded(add(*bed, "extension"));
  CHECK(bed->format() == kFormatOfExtensions);
  bed.close();
  bed.open();
  CHECK(bed->format() == kFormatOfExtensions);
  succeeded(add(*bed, {}));
  CHECK(bed->format() == kFormatOfExtensions);
}

TEST_CASE("Of a record with fields that this program does not know it reads the others") {
  Bed bed(GENERATE(Backend::memory, Backend::rocksdb));
  fill(bed);
  succeeded(add(*bed, "extension"));
  const auto read = value_of(bed->transaction(4));
  REQUIRE(read);
  CHECK(read->entries.size() == 2);
  CHECK(read->reference == "invoice");
  CHECK(value_of(bed->load_balances()) == std::vector<Amount>{90, 10});
  const auto report = value_of(bed->verify({}));
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems.front().find("record 4 has fields") != std::string::npos);
}

TEST_CASE("A key whose record has unknown fields is not told to have the same content") {
  Bed bed(GENERATE(Backend::memory, Backend::rocksdb));
  fill(bed);
  auto group = bed->begin_group(bed.now, bed.run_ms);
  auto record = record_with("extension");
  record.idempotency_key = "other";
  record.key_hash = key_hash("other");
  group.add(record);
  bed.append(std::move(group));
  const std::vector<sg::ledger::Entry> entries{{"alice", -5}, {"bob", 5}};
  auto asked = keyed("other", key_hash("other"));
  asked.entries = entries;
  asked.reference = "invoice";
  const auto found = find_key(*bed, asked);
  REQUIRE_FALSE(found);
  CHECK(found.error().fault == StoreFault::unknown_version);
}

TEST_CASE("A group that fails leaves the store's format as it was") {
  Bed bed(Backend::memory);
  fill(bed);
  bed.disk().fail_next_write();
  CHECK_FALSE(add(*bed, "extension").has_value());
  CHECK(bed->format() == kOldestFormat);
  succeeded(bed->reopen());
  CHECK(bed->format() == kOldestFormat);
  succeeded(add(*bed, {}));
}

TEST_CASE("A block of a newer format than the store's own is a problem") {
  Bed store(Backend::rocksdb);
  fill(store);
  auto group = store->begin_group(store.now, store.run_ms);
  TransferRecord record;
  record.extension = "extension";
  group.add(record);
  store.append(std::move(group));
  store.close();
  edit_rows(store.directory(), [](KeyValue& rows) {
    put(rows, Family::meta, kMetaVersion, encode_format(kOldestFormat));
  });
  store.open();
  const auto report = value_of(store->verify({}));
  REQUIRE_FALSE(report.problems.empty());
  CHECK(report.problems.front().find("has format 5, the store says 4") != std::string::npos);
}
