// Who asked for what, as the chain keeps it.
#include <catch2/catch.hpp>

#include "persistence/chain/block_reader.hpp"
#include "persistence/chain/extension.hpp"
#include "persistence/chain/group_contents.hpp"
#include "tests/persistence/bed.hpp"

using namespace sg::persistence;
using namespace sg::persistence::test;
using sg::ledger::Origin;

namespace {

const Origin kOps{"ops", "ipv4:10.0.0.1:4000"};
const Origin kTim{"tim", "ipv4:10.0.0.2:5000"};
const std::vector<Posting> kPostings{{0, -5}, {1, 5}};

TransferRecord record_of(const Origin* origin) {
  TransferRecord record;
  record.postings = kPostings;
  record.origin = origin;
  return record;
}

// One group of these transfers, each a unit of its own.
void add(Bed& bed, const std::vector<const Origin*>& origins) {
  auto group = bed->begin_group(bed.now, bed.run_ms);
  for (const auto* origin : origins) {
    group.add(record_of(origin));
    group.end_unit();
  }
  bed.append(std::move(group));
}

std::vector<std::string> callers(const AuditPage& page) {
  std::vector<std::string> all;
  for (const auto& record : page.records) {
    all.push_back(std::to_string(record.sequence) + " " + record.origin->caller);
  }
  return all;
}

}  // namespace

TEST_CASE("The chain tells who asked for what, in order and page by page") {
  Bed bed(GENERATE(Backend::memory, Backend::rocksdb));
  bed.create_account("alice", 100);
  bed.create_account("bob");
  add(bed, {&kOps, nullptr, &kTim, &kOps});
  auto group = bed->begin_group(bed.now, bed.run_ms);
  sg::ledger::NewAccount carol;
  carol.id = "carol";
  group.add(carol, &kTim);
  sg::ledger::NewParticipant seb;
  seb.id = seb.name = "seb";
  group.add(seb, &kOps);
  bed.append(std::move(group));

  const auto all = value_of(bed->audit({.limit = 100}));
  CHECK(callers(all) == std::vector<std::string>{"3 ops", "5 tim", "6 ops", "7 tim", "8 ops"});
  CHECK(all.next == 0);
  CHECK(*all.records[1].origin == kTim);
  CHECK(all.records[0].what == "transfer");
  CHECK(all.records[3].what == "account");
  CHECK(all.records[3].created == "carol");
  CHECK(all.records[4].created == "seb");

  std::vector<std::string> paged;
  for (Sequence first = 1; first != 0;) {
    const auto page = value_of(bed->audit({.first = first, .limit = 2}));
    for (auto& one : callers(page)) paged.push_back(std::move(one));
    first = page.next;
  }
  CHECK(paged == callers(all));
  CHECK(callers(value_of(bed->audit({.caller = "tim", .limit = 100}))) ==
        std::vector<std::string>{"5 tim", "7 tim"});
  CHECK(callers(value_of(bed->audit({.first = 4, .before = 7, .limit = 100}))) ==
        std::vector<std::string>{"5 tim", "6 ops"});
  CHECK(value_of(bed->verify({})).problems.empty());
  CHECK(bed->format() == kFormatOfExtensions);
}

TEST_CASE("A chain without callers keeps its format and tells of nobody") {
  Bed bed(Backend::memory);
  bed.create_account("alice", 100);
  bed.create_account("bob");
  add(bed, {nullptr});
  CHECK(value_of(bed->audit({.limit = 10})).records.empty());
  CHECK(bed->format() == kOldestFormat);
}

TEST_CASE("A retry has the same content, whoever sends it") {
  Bed bed(Backend::memory);
  bed.create_account("alice", 100);
  bed.create_account("bob");
  auto group = bed->begin_group(bed.now, bed.run_ms);
  auto record = record_of(&kOps);
  record.idempotency_key = "key";
  record.key_hash = key_hash("key");
  group.add(record);
  bed.append(std::move(group));
  const std::vector<sg::ledger::Entry> entries{{"alice", -5}, {"bob", 5}};
  auto asked = keyed("key", key_hash("key"));
  asked.entries = entries;
  const auto found = value_of(find_key(*bed, asked));
  REQUIRE(found);
  CHECK(found->same_content);
}

TEST_CASE("A name that comes again takes three bytes of a record") {
  const auto bytes_of = [](int records, const Origin* origin) {
    Group group(ChainHead{}, 0, 0);
    for (int i = 0; i < records; ++i) group.add(record_of(origin));
    const auto contents = std::move(group).finish();
    return contents->writer.buffer().size();
  };
  const auto first = bytes_of(1, &kOps) - bytes_of(1, nullptr);
  CHECK(bytes_of(11, &kOps) - bytes_of(11, nullptr) == first + 10 * 4);
}

TEST_CASE("Texts of an origin are cut, and bytes that are none are no origin") {
  OriginWriter writer;
  std::string extension;
  writer.put({std::string(1'000, 'a'), "peer"}, extension);
  OriginReader reader;
  const auto read = reader.take(extension);
  REQUIRE(read);
  CHECK(read->caller == std::string(kMaxOriginTextBytes, 'a'));
  CHECK(read_details(extension));
  for (std::size_t size = 1; size < 8; ++size) {
    OriginReader fresh;
    CHECK_FALSE(fresh.take(extension.substr(0, size)));
  }
  OriginReader fresh;
  CHECK_FALSE(fresh.take(std::string("\x01\x01\x05", 3)));  // the sixth, where there is none
  CHECK_FALSE(fresh.take({}));
  CHECK(has_origin(extension));
  CHECK_FALSE(has_details(extension));
}
