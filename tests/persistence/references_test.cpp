// That transactions are found by their reference: in memory and in runs, on a store of an older
// program while its records are read and afterwards, and after an older program was there again.
#include "bed.hpp"
#include "persistence/chain/format.hpp"
#include "persistence/encoding/bytes.hpp"
#include "persistence/index/keyed_hash.hpp"
#include "persistence/index/run_list.hpp"

namespace sg::persistence::test {
namespace {

using Catch::Contains;

StoreOptions small_chunks() {
  StoreOptions options;
  options.index_chunk = 20;
  options.link_secret = 17;
  return options;
}

std::string reference_of(int i) { return "order " + std::to_string(i % 7); }

// Appends transfers first to end - 1, each with the reference of its number.
void fill(Bed& store, int first, int end) {
  if (first == 0) store.create_account("a", 1'000'000);
  for (int i = first; i < end; ++i) {
    store.transfer({{{0, -1}, {0, 1}}, reference_of(i), "key " + std::to_string(i)});
  }
}

TransactionRange all_of_them() {
  TransactionRange range;
  range.limit = 10'000;
  return range;
}

std::vector<Sequence> found(Store& store, const std::string& reference,
                            const TransactionRange& range = all_of_them(),
                            const Enough<StoredTransaction>& enough = {}) {
  std::vector<Sequence> sequences;
  for (const auto& one : value_of(store.transactions_with(reference, range, enough))) {
    CHECK(one.reference == reference);
    sequences.push_back(one.sequence);
  }
  return sequences;
}

// Transfer i has sequence i + 2, behind the creation of the account.
std::vector<Sequence> wanted(int transfers, int reference) {
  std::vector<Sequence> sequences;
  for (int i = transfers - 1; i >= 0; --i) {
    if (i % 7 == reference) sequences.push_back(static_cast<Sequence>(i) + 2);
  }
  return sequences;
}

void check_all(Store& store, int transfers) {
  for (int i = 0; i < 7; ++i) CHECK(found(store, reference_of(i)) == wanted(transfers, i));
  CHECK(found(store, "order 7").empty());
  CHECK(found(store, "order").empty());
}

std::string problems_of(Store& store) {
  std::string text;
  for (const auto& problem : value_of(store.verify(nullptr)).problems) text += problem + "\n";
  return text;
}

LinkList links_of(Bed& store) {
  return *decode_link_list(*store.disk().row(Family::meta, std::string(kMetaLinks)));
}

// As a program leaves it that knows no links: it removes the pages of runs that are in no list of
// its own, and leaves the row that it does not know.
void remove_pages(Bed& store) {
  for (const auto& run : links_of(store).runs) {
    for (std::uint32_t page = 0; store.disk().row(Family::keys, run_key(run.id, page)); ++page) {
      store.disk().set_row(Family::keys, run_key(run.id, page), std::nullopt);
    }
    store.disk().set_row(Family::keys, run_key(run.id, kFooterPage), std::nullopt);
  }
}

// One that never was opened by a program that knows links.
void make_old(Bed& store) {
  store.index_all();
  store.close();
  remove_pages(store);
  store.disk().set_row(Family::meta, std::string(kMetaLinks), std::nullopt);
}

}  // namespace

TEST_CASE("Transactions are found by their reference, newest first") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb), small_chunks());
  fill(store, 0, 100);
  SECTION("in memory") {}
  SECTION("some in runs") {
    while (value_of(store->index_some(false))) {
    }
  }
  SECTION("all in runs, some merged") { store.index_all(); }
  SECTION("after another start") { store.open(); }
  SECTION("in runs, after another start") {
    store.index_all();
    store.open();
    fill(store, 100, 105);
    return check_all(*store, 105);
  }
  check_all(*store, 100);
  CHECK(problems_of(*store).empty());
  CHECK(store->format() == kOldestFormat);
}

TEST_CASE("A list of transactions with a reference is bounded") {
  Bed store(Backend::memory, small_chunks());
  fill(store, 0, 100);
  const auto all = wanted(100, 3);
  TransactionRange range;
  range.limit = 4;
  CHECK(found(*store, reference_of(3), range) == std::vector(all.begin(), all.begin() + 4));
  range.before = all[3];
  CHECK(found(*store, reference_of(3), range) == std::vector(all.begin() + 4, all.begin() + 8));
  range = all_of_them();
  range.first = all[5];
  CHECK(found(*store, reference_of(3), range) == std::vector(all.begin(), all.begin() + 6));
  const auto is_second = [&](const StoredTransaction& one) { return one.sequence == all[1]; };
  CHECK(found(*store, reference_of(3), all_of_them(), is_second).size() == 2);
}

TEST_CASE("References of an older store are read in pieces, and refused until all are read") {
  Bed store(Backend::memory, small_chunks());
  fill(store, 0, 300);
  make_old(store);
  store.open();
  const auto refused = store->transactions_with("order 1", {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().fault == StoreFault::building);
  CHECK_THAT(refused.error().message, Contains("records 1 to 301 are left"));
  CHECK(problems_of(*store).empty());
  CHECK(store->has_index_work());
  SECTION("in one go") { store.index_all(); }
  SECTION("while others are added") {
    while (store->has_index_work()) {
      value_of(store->index_some(false));
      CHECK(problems_of(*store).empty());
    }
    fill(store, 300, 350);
    store.index_all();
    return check_all(*store, 350);
  }
  SECTION("and added before the first piece") {
    fill(store, 300, 350);
    store.index_all();
    CHECK(problems_of(*store).empty());
    return check_all(*store, 350);
  }
  check_all(*store, 300);
  CHECK(links_of(store).gap.empty());
  store.open();
  check_all(*store, 300);
  CHECK(problems_of(*store).empty());
}

TEST_CASE("A restart amid an older store's references goes on") {
  Bed store(Backend::memory, small_chunks());
  store.create_account("a", 1'000'000);
  std::vector<TransferSpec> many;
  for (int i = 0; i < 12'000; ++i) many.push_back({{{0, -1}, {0, 1}}, reference_of(i)});
  store.transfers(many);
  make_old(store);
  store.open();
  // One piece of the gap.
  const auto is_begun = [&store] {
    const auto row = store.disk().row(Family::meta, std::string(kMetaLinks));
    return row && decode_link_list(*row)->gap.first > 1;
  };
  while (!is_begun()) REQUIRE(value_of(store->index_some(false)));
  const auto gap = links_of(store).gap;
  CHECK(gap.first > 1);
  CHECK(gap.last == 12'001);
  store.open();
  CHECK_FALSE(store->transactions_with("order 1", {}));
  store.index_all();
  check_all(*store, 12'000);
  CHECK(problems_of(*store).empty());
}

TEST_CASE("References are read anew after a program was there that does not know them") {
  Bed store(Backend::memory, small_chunks());
  fill(store, 0, 100);
  store.index_all();
  auto links = links_of(store);
  SECTION("it wrote nothing, and removed the pages") {
    store.close();
    remove_pages(store);
  }
  SECTION("it wrote more, and removed the pages") {
    fill(store, 100, 150);
    store.index_all();
    store.close();
    remove_pages(store);
    store.disk().set_row(Family::meta, std::string(kMetaLinks), encode(links));
  }
  SECTION("it wrote more, and had no time to remove the pages") {
    fill(store, 100, 150);
    store.index_all();
    store.close();
    store.disk().set_row(Family::meta, std::string(kMetaLinks), encode(links));
  }
  SECTION("and was there before, amid the first reading") {
    fill(store, 100, 150);
    store.index_all();
    store.close();
    links.gap = {50, 101};
    store.disk().set_row(Family::meta, std::string(kMetaLinks), encode(links));
  }
  store.open();
  CHECK_FALSE(store->transactions_with("order 1", {}));
  CHECK(problems_of(*store).empty());
  store.index_all();
  check_all(*store, static_cast<int>(store->durable()) - 1);
  CHECK(problems_of(*store).empty());
  store.open();
  check_all(*store, static_cast<int>(store->durable()) - 1);
}

TEST_CASE("Many references are looked up at once, and after a sequence") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb), small_chunks());
  fill(store, 0, 100);
  SECTION("in memory") {}
  SECTION("in runs") { store.index_all(); }
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i)
    texts.push_back(i % 50 == 0 ? reference_of(i / 50) : std::to_string(i));
  std::vector<ledger::Transfer> transfers(texts.size());
  std::vector<const ledger::Transfer*> asked;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    transfers[i].reference = texts[i];
    asked.push_back(&transfers[i]);
  }
  const auto places = [&](Sequence after) {
    std::vector<std::pair<std::size_t, Sequence>> all;
    for (const auto& one : value_of(store->find_references(asked, after))) {
      CHECK(one.place->time == store.now);
      all.emplace_back(one.transfer, one.place->sequence);
    }
    return all;
  };
  // Of several with a reference the oldest is told.
  const auto last = store->durable();
  for (Sequence after = 0; after <= last; ++after) {
    std::vector<std::pair<std::size_t, Sequence>> oldest;
    for (std::size_t i = 0; i < 6; ++i) {
      auto all = wanted(100, static_cast<int>(i));
      std::erase_if(all, [after](Sequence sequence) { return sequence <= after; });
      if (!all.empty()) oldest.emplace_back(i * 50, all.back());
    }
    REQUIRE(places(after) == oldest);
  }
}

TEST_CASE("The oldest of many with a reference is found on whichever page it is") {
  Bed store(Backend::memory);
  store.create_account("a", 1'000'000);
  std::vector<TransferSpec> many;
  for (int i = 0; i < 30'000; ++i) {
    many.push_back({{{0, -1}, {0, 1}}, i % 3 == 0 ? "r" : std::to_string(i)});
  }
  store.transfers(many);
  store.index_all();
  ledger::Transfer transfer;
  transfer.reference = "r";
  const ledger::Transfer* asked = &transfer;
  for (Sequence after = 0; after < store->durable(); after += 997) {
    const auto found = value_of(store->find_references({&asked, 1}, after));
    REQUIRE(found.size() == 1);
    // Those have sequences 2, 5, 8 and so on.
    REQUIRE(found.front().place->sequence == (after < 2 ? 2 : (after + 1) / 3 * 3 + 2));
  }
  CHECK(value_of(store->find_references({&asked, 1}, store->durable())).empty());
}

// One that opens does not look at old blocks.
TEST_CASE("A damaged record of an older store leaves all but its references as it is") {
  Bed store(Backend::memory, small_chunks());
  fill(store, 0, 1000);
  make_old(store);
  const auto damaged = store.disk().row(Family::blocks, be64(1));
  REQUIRE(damaged);
  auto bytes = *damaged;
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] + 1);
  store.disk().set_row(Family::blocks, be64(1), bytes);
  auto opened = store.try_open();
  if (!opened) return;  // it was among those that an opening checks
  store.open();
  store.index_all();
  CHECK_FALSE(store->has_index_work());
  const auto refused = store->transactions_with("order 1", {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().fault == StoreFault::corrupt);
  CHECK_THAT(refused.error().message, Contains("cannot be indexed"));
  fill(store, 1000, 1010);
  store.index_all();
}

TEST_CASE("A verification goes on when a store without runs is opened anew") {
  Bed store(Backend::memory);  // with a secret of its own at each opening
  fill(store, 0, 50);
  bool opened = false;
  const auto report = value_of(store->verify([&](const VerifyProgress& progress) {
    if (progress.records == progress.records_total && !std::exchange(opened, true)) {
      REQUIRE(store->reopen());
    }
    return true;
  }));
  CHECK(opened);
  CHECK(report.problems.empty());
}

TEST_CASE("References of an older store are not told as unused") {
  Bed store(Backend::memory, small_chunks());
  fill(store, 0, 100);
  make_old(store);
  store.open();
  ledger::Transfer transfer;
  transfer.reference = "none";
  const ledger::Transfer* asked = &transfer;
  const auto refused = store->find_references({&asked, 1});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().fault == StoreFault::building);
  store.index_all();
  CHECK(value_of(store->find_references({&asked, 1})).empty());
}

TEST_CASE("Verification finds a reference that is missing") {
  Bed store(Backend::memory, small_chunks());
  fill(store, 0, 100);
  store.index_all();
  auto links = links_of(store);
  REQUIRE(links.runs.size() > 1);
  links.runs.erase(links.runs.begin());
  store.disk().set_row(Family::meta, std::string(kMetaLinks), encode(links));
  store.open();
  CHECK_THAT(problems_of(*store), Contains("the index of references lack"));
}

TEST_CASE("Texts have other hashes under another secret, and differ in each byte") {
  const KeyedHash one(1);
  const KeyedHash other(2);
  CHECK(one("invoice 17") == KeyedHash(1)("invoice 17"));
  CHECK(one("invoice 17") != other("invoice 17"));
  std::vector<std::uint64_t> hashes;
  std::string text(40, '\0');
  for (std::size_t size = 0; size <= text.size(); ++size) {
    hashes.push_back(one(std::string_view(text).substr(0, size)));
  }
  for (auto& byte : text) {
    byte = 1;
    hashes.push_back(one(text));
    byte = 0;
  }
  std::sort(hashes.begin(), hashes.end());
  CHECK(std::unique(hashes.begin(), hashes.end()) == hashes.end());
}

}  // namespace sg::persistence::test
