// The details of commands in records: how they are kept, and that they are content.
#include <catch2/catch.hpp>

#include "persistence/chain/block_cut.hpp"
#include "persistence/chain/block_reader.hpp"
#include "persistence/chain/extension.hpp"
#include "persistence/chain/group_contents.hpp"
#include "tests/persistence/bed.hpp"

using namespace sg::persistence;
using namespace sg::persistence::test;
using sg::ledger::Details;
using sg::ledger::Entry;
using sg::ledger::Origin;

namespace {

const std::vector<Posting> kPostings{{0, -5}, {1, 5}};
const std::vector<Entry> kEntries{{"alice", -5}, {"bob", 5}};
const Details kAll{{{"", "empty"}, {"a", ""}, {"invoice", "17"}}, -1'000, true, true};
const Origin kOps{"ops", "ipv4:10.0.0.1:1"};

TransferRecord record_of(const Details* details, const Origin* origin = nullptr) {
  TransferRecord record;
  record.postings = kPostings;
  record.details = details;
  record.origin = origin;
  return record;
}

std::string extension_of(const Details& details) {
  std::string extension;
  put_details(details, extension);
  return extension;
}

void fill(Bed& bed) {
  bed.create_account("alice", 100);
  bed.create_account("bob");
}

Sequence add(Bed& bed, const TransferRecord& record) {
  auto group = bed->begin_group(bed.now, bed.run_ms);
  const auto sequence = group.add(record);
  bed.append(std::move(group));
  return sequence;
}

}  // namespace

TEST_CASE("Details survive their encoding, and have one form only") {
  for (const auto& details :
       {kAll, Details{}, Details{{{"k", "v"}}, 0, false}, Details{{}, 1, false},
        Details{{}, 0, true}, Details{{}, 0, false, true}, Details{{}, 0, true, true},
        Details{{{"k", std::string_view("\0\n", 2)}}, ~TimeMs{0}, false}}) {
    const auto extension = extension_of(details);
    const auto read = read_details(extension);
    REQUIRE(read);
    CHECK(*read == details);
    CHECK(has_details(extension) == !details.empty());
  }
  const auto whole = extension_of(kAll);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const auto read = read_details(std::string_view(whole).substr(0, size));
    CHECK((!read || *read != kAll));
  }
  using namespace std::string_literals;
  for (const auto& wrong : {
           "\x02\x01\x00"s,  // metadata without a pair
           "\x02\x07\x02\x01"
           "b\x00\x01"
           "a\x00"s,  // keys that do not ascend
           "\x02\x07\x02\x01"
           "a\x00\x01"
           "a\x00"s,  // a key twice
           "\x02\x06\x01\x01"
           "a\x00\x00\x00"s,         // bytes behind the pairs
           "\x03\x01\x00"s,          // a time of 0
           "\x03\x00"s,              // no time
           "\x03\x02\x02\x02"s,      // two of them
           "\x04\x01\x01"s,          // a flag with a value
           "\x04\x00\x03\x01\x02"s,  // not in their order
           "\x04\x00\x04\x00"s,      // twice
           "\x05\x01\x01"s,          // a flag with a value
           "\x05\x00\x04\x00"s,      // not in their order
           "\x06\x00"s,              // of a later program
       }) {
    CAPTURE(wrong);
    CHECK_FALSE(read_details(wrong));
  }
}

TEST_CASE("A record keeps its details beside who sent it, and raises the format") {
  Bed bed(GENERATE(Backend::memory, Backend::rocksdb));
  fill(bed);
  CHECK(bed->format() == kOldestFormat);
  const auto first = add(bed, record_of(&kAll, &kOps));
  CHECK(bed->format() == kFormatOfCommands);
  const auto read = *value_of(bed->transaction(first));
  CHECK(read.details ==
        StoredDetails{{{"", "empty"}, {"a", ""}, {"invoice", "17"}}, -1'000, true, true});
  const auto audit = value_of(bed->audit({.limit = 10}));
  REQUIRE(audit.records.size() == 1);
  CHECK(*audit.records.front().origin == kOps);
  const auto exported = value_of(bed->records({first, first, 1}));
  const auto& keyed = std::get<KeyedTransaction>(exported.records.front().content);
  CHECK(keyed.transaction.details == read.details);
  CHECK(value_of(bed->verify({})).problems.empty());
  bed.close();
  bed.open();
  CHECK(bed->format() == kFormatOfCommands);
  CHECK(value_of(bed->transaction(first))->details == read.details);
  // What has none is written as before.
  const auto plain = add(bed, record_of(nullptr));
  CHECK(value_of(bed->transaction(plain))->details == StoredDetails{});
}

TEST_CASE("A retry has to say the same details") {
  Bed bed(GENERATE(Backend::memory, Backend::rocksdb));
  fill(bed);
  auto record = record_of(&kAll);
  record.idempotency_key = "key";
  record.key_hash = key_hash("key");
  add(bed, record);
  auto asked = keyed("key", key_hash("key"));
  asked.entries = kEntries;
  const auto is_same = [&](const Details* details) {
    asked.details = details;
    return value_of(find_key(*bed, asked))->same_content;
  };
  CHECK(is_same(&kAll));
  CHECK_FALSE(is_same(nullptr));
  auto other = kAll;
  other.balanced = false;
  CHECK_FALSE(is_same(&other));
  other = kAll;
  other.unique_reference = false;
  CHECK_FALSE(is_same(&other));
  other = kAll;
  other.effective_at = 0;
  CHECK_FALSE(is_same(&other));
  other = kAll;
  other.metadata.pop_back();
  CHECK_FALSE(is_same(&other));
  other = kAll;
  other.metadata.back().second = "18";
  CHECK_FALSE(is_same(&other));
}

TEST_CASE("A verification finds a record that is said to be balanced and is not") {
  Bed bed(Backend::memory);
  fill(bed);
  const Details balanced{{}, 0, true};
  const std::vector<Posting> uneven{{0, -5}, {1, 4}};
  auto record = record_of(&balanced);
  record.postings = uneven;
  add(bed, record);
  const auto report = value_of(bed->verify({}));
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems.front().find("is said to be balanced, and sums to -1") !=
        std::string::npos);
}

TEST_CASE("A block that is cut has the version that its first records need") {
  Group group(ChainHead{}, 0, 0);
  group.add(record_of(nullptr));
  group.end_unit();
  group.add(record_of(nullptr, &kOps));
  group.end_unit();
  group.add(record_of(&kAll));
  group.end_unit();
  group.add(record_of(nullptr));
  group.end_unit();
  const auto contents = std::move(group).finish();
  const auto block = BlockView::parse(contents->writer.bytes_of(contents->writer.blocks().front()));
  REQUIRE(block);
  CHECK(block->format() == kFormatOfCommands);
  const auto format_of_first = [&](std::uint32_t count) {
    const auto cut = value_of(cut_block(*block, count));
    return BlockView::parse(cut)->format();
  };
  CHECK(format_of_first(1) == kOldestFormat);
  CHECK(format_of_first(2) == kFormatOfExtensions);
  CHECK(format_of_first(3) == kFormatOfCommands);
}
