#include "bed.hpp"
#include "persistence/chain/block_reader.hpp"
#include "persistence/encoding/bytes.hpp"
#include "persistence/rows/rows.hpp"

namespace sg::persistence::test {
namespace {

std::vector<std::string> problems(Bed& store) { return value_of(store->verify(nullptr)).problems; }

std::string all_problems(Bed& store) {
  std::string text;
  for (const auto& problem : problems(store)) text += problem + "\n";
  return text;
}

using Catch::Contains;

void fill(Bed& store) {
  store.create_account("a", 100);
  store.create_account("b", 50, -20);
  for (int i = 0; i < 10; ++i) store.transfer({{{0, -1}, {1, 1}}, "r", "k" + std::to_string(i)});
}

}  // namespace

TEST_CASE("A whole chain verifies, with its sums and balances") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  fill(store);
  store.transfer({{{1, -80}}});
  store.index_all();
  std::vector<VerifyProgress> seen;
  const auto report = value_of(store->verify([&](const VerifyProgress& progress) {
    seen.push_back(progress);
    return true;
  }));
  CHECK(report.problems.empty());
  CHECK(report.blocks == 13);
  CHECK(report.records == 13);
  CHECK(report.accounts == 2);
  CHECK((report.sum_of_postings == 100 + 50 - 80));
  CHECK(report.balances == std::vector<Amount>{90, -20});
  CHECK(report.sequence == 13);
  CHECK(report.head_hash == store->head().hash);
  REQUIRE_FALSE(seen.empty());
  CHECK(seen.back().records == 13);
  CHECK(seen.back().records_total == 13);
}

TEST_CASE("Verification stops when it is told to") {
  Bed store(Backend::memory);
  store.create_account("a", 100);
  for (int i = 0; i < 600; ++i) store.transfer({{{0, 1}}});
  const auto report =
      value_of(store->verify([](const VerifyProgress& progress) { return progress.blocks < 1; }));
  CHECK(report.problems.empty());
  CHECK(report.blocks > 0);
  CHECK(report.blocks < 601);
  CHECK(report.sequence < 601);
}

TEST_CASE("Verification names the block with a flipped byte") {
  Bed store(Backend::memory);
  fill(store);
  for (const std::size_t at : {std::size_t{0}, std::size_t{30}, kHeaderBytes + 2}) {
    const auto key = be64(7);
    const auto whole = store.disk().row(Family::blocks, key);
    REQUIRE(whole.has_value());
    auto flipped = *whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    store.disk().set_row(Family::blocks, key, flipped);
    CHECK_THAT(all_problems(store), Contains("block 7 ") && Contains("checksum"));
    store.disk().set_row(Family::blocks, key, whole);
    CHECK(problems(store).empty());
  }
}

TEST_CASE("Verification names a block that is missing, exchanged or of another chain") {
  Bed store(Backend::memory);
  fill(store);
  const auto seventh = store.disk().row(Family::blocks, be64(7));
  store.disk().set_row(Family::blocks, be64(7), std::nullopt);
  CHECK_THAT(all_problems(store), Contains("block 8 ") && Contains("does not follow sequence 6"));
  store.disk().set_row(Family::blocks, be64(7), store.disk().row(Family::blocks, be64(6)));
  CHECK_THAT(all_problems(store), Contains("block 7 ") && Contains("begins at 6"));

  Bed other(Backend::memory);
  other.now += 1;
  fill(other);
  store.disk().set_row(Family::blocks, be64(7), other.disk().row(Family::blocks, be64(7)));
  CHECK_THAT(all_problems(store), Contains("block 7 ") && Contains("does not carry the hash"));
  store.disk().set_row(Family::blocks, be64(7), seventh);
  CHECK(problems(store).empty());
}

TEST_CASE("Verification finds a balance below its floor at the end of a unit, not within one") {
  Bed store(Backend::memory);
  store.create_account("a", 10);
  Group group = store->begin_group(1, 1);
  group.add(TransferSpec{{{0, -15}}}.record());
  group.add(TransferSpec{{{0, 15}}}.record());
  group.end_unit();
  store.append(std::move(group));
  CHECK(problems(store).empty());
  store.transfer({{{0, -11}}});
  CHECK_THAT(all_problems(store),
             Contains("after record 4 account number 0 has balance -1, its floor is 0"));
}

TEST_CASE("Verification finds an account that does not exist, and a sum that does not fit") {
  Bed store(Backend::memory);
  store.create_account("a", 10);
  SECTION("unknown account") {
    store.transfer({{{5, 1}}});
    CHECK_THAT(all_problems(store), Contains("names account number 5"));
  }
  SECTION("overflow") {
    store.transfer({{{0, std::numeric_limits<Amount>::max()}}});
    CHECK_THAT(all_problems(store), Contains("has balance 9223372036854775817"));
  }
}

TEST_CASE("Verification compares a checkpointed balance at its own sequence") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  fill(store);
  const std::vector<BalancePage> right{{0, 7, {95, 55}}};
  succeeded(store->write_balances(right));
  CHECK(problems(store).empty());
  const std::vector<BalancePage> wrong{{0, 7, {90, 55}}};
  succeeded(store->write_balances(wrong));
  CHECK_THAT(all_problems(store), Contains("account number 0 at sequence 7 is 90, its records "
                                           "make 95"));
  const std::vector<BalancePage> wrong_at_head{{0, 12, {90, 61}}};
  succeeded(store->write_balances(wrong_at_head));
  CHECK_THAT(all_problems(store), Contains("account number 1 at sequence 12"));
  CHECK(problems(store).size() == 1);
}

TEST_CASE("Verification compares catalog, watermark and mark with the chain") {
  Bed store(Backend::memory);
  fill(store);
  SECTION("account row") {
    auto account = *decode_account(*store.disk().row(Family::accounts, be32(1)));
    account.floor = -1'000;
    store.disk().set_row(Family::accounts, be32(1), encode(account));
    CHECK_THAT(all_problems(store), Contains("account 'b' has another row"));
  }
  SECTION("account id") {
    store.disk().set_row(Family::account_ids, "b", std::nullopt);
    CHECK_THAT(all_problems(store), Contains("account 'b' is not found by its id"));
  }
  SECTION("index watermark") {
    store.disk().set_row(Family::meta, "indexed", std::string("\x0D\0\0\0\0\0\0\0", 8));
    CHECK_THAT(all_problems(store), Contains("index reaches sequence 13"));
  }
  SECTION("mark") {
    store.disk().set_mark(std::nullopt);
    CHECK_THAT(all_problems(store), Contains("high-water mark"));
  }
}

}  // namespace sg::persistence::test
