#include <rapidcheck/catch.h>

#include "bed.hpp"
#include "persistence/encoding/bytes.hpp"
#include "persistence/encoding/crc32c.hpp"
#include "persistence/rows/page_stamps.hpp"
#include "persistence/rows/rows.hpp"

namespace sg::persistence::test {
namespace {

using Balances = std::vector<Amount>;

Balances balances(Bed& store) { return value_of(store->load_balances()); }

void write(Bed& store, const BalancePage& page) {
  succeeded(store->write_balances(std::span(&page, 1)));
}
// Accounts up to the end of a page.
void fill_page(Bed& store, std::size_t accounts) {
  for (auto i = accounts; i < kBalancesOfPage; ++i) {
    store.create_account("filler " + std::to_string(i), 0);
  }
}
Balances with_fillers(Balances balances) {
  balances.resize(kBalancesOfPage);
  return balances;
}

}  // namespace

TEST_CASE("Balances are the checkpoint's with the blocks after it applied") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  store.create_account("a", 100);               // 1
  store.create_account("b", 0);                 // 2
  store.transfer({{{0, -10}, {1, 10}}});        // 3
  store.transfer({{{0, -5}, {1, 2}, {1, 3}}});  // 4
  CHECK(balances(store) == Balances{85, 15});

  write(store, {0, 3, {90, 10}});
  succeeded(store->write_checkpoint(3));
  CHECK(store->checkpoint() == 3);
  CHECK(balances(store) == Balances{85, 15});

  // A page that is newer than the marker.
  write(store, {0, 4, {85, 15}});
  CHECK(balances(store) == Balances{85, 15});
  store.transfer({{{0, -1}, {1, 1}}});  // 5
  store.create_account("c", 7);         // 6
  store.transfer({{{2, -1}, {1, 1}}});  // 7
  CHECK(balances(store) == Balances{84, 17, 6});
  store.open();
  CHECK(store->checkpoint() == 3);
  CHECK(balances(store) == Balances{84, 17, 6});
  CHECK(value_of(store->verify(nullptr)).problems.empty());
}

TEST_CASE("A page counts before there is a marker, and one whose accounts are half replayed") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  store.create_account("a", 100);
  store.create_account("b", 50);
  store.transfers({{{{0, -1}, {1, 1}}}, {{{0, -2}, {1, 2}}}, {{{0, -4}, {1, 4}}}});
  write(store, {0, 4, {97, 53}});
  CHECK(balances(store) == Balances{93, 57});
  store.open();
  CHECK(balances(store) == Balances{93, 57});
  write(store, {0, 2, {100, 50}});
  CHECK(balances(store) == Balances{93, 57});
}

TEST_CASE("An account on no page starts with its initial balance") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  store.create_account("untouched", 40);
  fill_page(store, 1);
  store.create_account("b", 50);
  store.create_account("also untouched", 60);
  store.transfer({{{64, 5}}});  // 67
  auto expected = with_fillers({40});
  expected.insert(expected.end(), {55, 60});
  SECTION("of a page that is missing, and of one that is shorter, before there is a marker") {
    write(store, {1, 65, {50}});
    CHECK(balances(store) == expected);
  }
  SECTION("when two pages stand at different sequences") {
    write(store, {0, 64, with_fillers({40})});
    write(store, {1, 66, {50, 60}});
    succeeded(store->write_checkpoint(64));
    CHECK(balances(store) == expected);
  }
  store.transfer({{{0, 1}, {65, 1}}});
  ++expected[0];
  ++expected[65];
  CHECK(balances(store) == expected);
  store.open();
  CHECK(balances(store) == expected);
}

TEST_CASE("A checkpoint that lacks an account is told, not taken for its initial balance") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  store.create_account("a", 40);
  fill_page(store, 1);
  store.create_account("b", 50);  // 65
  store.transfer({{{0, 5}, {64, 5}}});
  SECTION("of a page that is missing") { write(store, {1, 66, {55}}); }
  SECTION("of the last page") { write(store, {0, 66, with_fillers({45})}); }
  SECTION("of a part of a page") { write(store, {0, 66, {45}}); }
  succeeded(store->write_checkpoint(66));
  const auto loaded = store->load_balances();
  REQUIRE_FALSE(loaded.has_value());
  CHECK(loaded.error().fault == StoreFault::corrupt);
  CHECK_FALSE(value_of(store->verify(nullptr)).problems.empty());
}

TEST_CASE("A page of balances that does not decode, or is of nobody, is told") {
  const auto amounts = [](std::size_t bytes) { return std::string(8 + bytes, '\0'); };
  struct Case {
    std::string key;
    std::string row;
  };
  const std::vector<Case> cases{
      {be32(0), amounts(0)},          // of no account
      {be32(0), amounts(8 * 65)},     // of too many
      {be32(0), amounts(8 * 2 + 3)},  // of a part of one
      {be32(0), ""},
      {std::string(3, '\0'), amounts(8)},
      {std::string(5, '\0'), amounts(8)},
      {be32(1), amounts(8)},  // of one that was never created
      {be32(0xFFFFFFFF), amounts(8)},
      {be32(0), amounts(8 * 3)},  // of one account too many
  };
  for (const auto& [key, row] : cases) {
    CAPTURE(key.size(), row.size());
    Bed store(Backend::memory);
    store.create_account("a", 40);
    store.create_account("b", 50);
    store.disk().set_row(Family::balances, key, row);
    const auto loaded = store->load_balances();
    REQUIRE_FALSE(loaded.has_value());
    CHECK(loaded.error().fault == StoreFault::corrupt);
    CHECK_FALSE(value_of(store->verify(nullptr)).problems.empty());
  }
}

TEST_CASE("A checkpoint does not go past what is durable, nor back") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb));
  store.create_account("a", 100);
  const std::vector<BalancePage> ahead{{0, 2, {100}}};
  CHECK_FALSE(store->write_balances(ahead).has_value());
  CHECK_FALSE(store->write_checkpoint(2).has_value());
  write(store, {0, 1, {100}});
  succeeded(store->write_checkpoint(1));
  succeeded(store->write_checkpoint(0));
  CHECK(store->checkpoint() == 1);
  store.open();
  CHECK(store->checkpoint() == 1);
}

TEST_CASE("A marker is durable with the pages written before it") {
  Bed store(Backend::memory);
  store.create_account("a", 100);
  store.transfer({{{0, 5}}});
  write(store, {0, 2, {105}});
  succeeded(store->write_checkpoint(2));
  store.disk().crash();
  succeeded(store->reopen());
  CHECK(store->checkpoint() == 2);
  CHECK(store.disk().keys_of(Family::balances).size() == 1);
  CHECK(balances(store) == Balances{105});
}

// With the marker in the same sync a power loss could keep it and lose the pages.
TEST_CASE("Pages are durable before the marker is written") {
  Bed store(Backend::memory);
  store.create_account("a", 100);
  write(store, {0, 1, {100}});
  REQUIRE(store.disk().unsynced() == 1);
  store.disk().fail_next_sync();
  CHECK_FALSE(store->write_checkpoint(1).has_value());
  CHECK_FALSE(store.disk().row(Family::meta, "checkpoint").has_value());
  // The pages alone may stay: without a marker nothing rests on them.
  store.disk().crash(1);
  succeeded(store->reopen());
  CHECK(store->checkpoint() == 0);
  CHECK(balances(store) == Balances{100});
}

// The next journal may load the balances before the store was opened anew.
TEST_CASE("A marker whose sync failed does not keep the balances from being loaded") {
  Bed store(Backend::memory);
  store.create_account("a", 100);
  write(store, {0, 1, {100}});
  succeeded(store->write_checkpoint(1));
  store.transfer({{{0, 5}}});
  write(store, {0, 2, {105}});
  const auto list = encode(PageList{2, {{2, crc32c(encode(BalancePage{0, 2, {105}}))}}});
  store.disk().set_row(Family::meta, "checkpoint", std::string("\2\0\0\0\0\0\0\0", 8));
  store.disk().set_row(Family::meta, "checkpoint_pages", list);
  REQUIRE(store->checkpoint() == 1);
  CHECK(balances(store) == Balances{105});
}

// A store that came back from a power loss like that opened, and went on with the wrong balances.
TEST_CASE("A checkpoint with older pages than it wrote is refused") {
  const auto backend = Backend::memory;
  Bed store(backend);
  store.create_account("a", 100);
  store.create_account("b", 50);
  store.transfer({{{0, -10}, {1, 10}}});
  write(store, {0, 3, {90, 60}});
  succeeded(store->write_checkpoint(3));
  const auto older = store.disk().row(Family::balances, be32(0));
  store.transfer({{{0, -10}, {1, 10}}});
  write(store, {0, 4, {80, 70}});
  succeeded(store->write_checkpoint(4));
  const auto newer = store.disk().row(Family::balances, be32(0));
  std::string says;
  SECTION("the pages of the checkpoint before it: their sum is the same") {
    store.disk().set_row(Family::balances, be32(0), older);
    says = "are those of sequence 3, the checkpoint at sequence 4 wrote those of sequence 4";
  }
  SECTION("no page") {
    store.disk().set_row(Family::balances, be32(0), std::nullopt);
    says = "are missing, the checkpoint at sequence 4 wrote those of sequence 4";
  }
  SECTION("other balances of the same sequence") {
    auto changed = *newer;
    std::swap(changed[8], changed[16]);
    store.disk().set_row(Family::balances, be32(0), changed);
    says = "are not the ones that the checkpoint at sequence 4 wrote";
  }
  SECTION("a list of pages that does not decode") {
    store.disk().set_row(Family::meta, "checkpoint_pages", "short");
    says = "the list of the checkpoint's pages does not decode";
  }
  CHECK_FALSE(value_of(store->verify(nullptr)).problems.empty());
  store.close();
  const auto opened = store.try_open();
  REQUIRE_FALSE(opened.has_value());
  CHECK(static_cast<int>(opened.error().fault) == static_cast<int>(StoreFault::corrupt));
  CHECK_THAT(opened.error().message, Catch::Contains(says));
  store.disk().set_row(Family::balances, be32(0), newer);
}

TEST_CASE("Pages of a checkpoint that was not finished do no harm, whichever of them are there") {
  const std::size_t kept = GENERATE(0, 1, 2);
  Bed store(Backend::memory);
  store.create_account("a", 100);
  fill_page(store, 1);
  store.create_account("b", 50);
  const Sequence first = store.transfer({{{0, -10}, {64, 10}}});
  write(store, {0, first, with_fillers({90})});
  write(store, {1, first, {60}});
  succeeded(store->write_checkpoint(first));
  const Sequence second = store.transfer({{{0, -10}, {64, 10}}});
  write(store, {0, second, with_fillers({80})});
  write(store, {1, second, {70}});
  store.disk().crash(kept == 2 ? MemoryDisk::Survivors{0, 1, 1} : MemoryDisk::Survivors{kept});
  store.open();
  auto expected = with_fillers({80});
  expected.push_back(70);
  CHECK(balances(store) == expected);
  CHECK(value_of(store->verify(nullptr)).problems.empty());
}

TEST_CASE("A checkpoint of a program that listed no pages is accepted, and listed") {
  Bed store(Backend::memory);
  store.create_account("a", 100);
  store.create_account("b", 50);
  write(store, {0, 2, {100, 50}});
  succeeded(store->write_checkpoint(2));
  const auto list = store.disk().row(Family::meta, "checkpoint_pages");
  REQUIRE(list.has_value());
  SECTION("it knew of none") {
    store.disk().set_row(Family::meta, "checkpoint_pages", std::nullopt);
    store.open();
    CHECK(store.disk().row(Family::meta, "checkpoint_pages") == list);
    CHECK(balances(store) == Balances{100, 50});
  }
  SECTION("its marker is younger than the list") {
    store.transfer({{{0, 1}}});
    store.disk().set_row(Family::balances, be32(0), encode(BalancePage{0, 3, {101, 50}}));
    store.disk().set_row(Family::meta, "checkpoint", std::string("\3\0\0\0\0\0\0\0", 8));
    store.open();
    CHECK(store.disk().row(Family::meta, "checkpoint_pages") != list);
    CHECK(balances(store) == Balances{101, 50});
  }
  SECTION("its pages do not add up") {
    store.disk().set_row(Family::meta, "checkpoint_pages", std::nullopt);
    store.disk().set_row(Family::balances, be32(0), encode(BalancePage{0, 2, {100, 51}}));
    store.close();
    const auto opened = store.try_open();
    REQUIRE_FALSE(opened.has_value());
    CHECK_THAT(opened.error().message,
               Catch::Contains("do not add up to the chain's postings: they are 1 too much"));
  }
}

TEST_CASE("Balances come out the same however much was checkpointed") {
  rc::prop("pages at any sequences, markers at or below them", [] {
    Bed store(Backend::memory);
    std::vector<Balances> after{{}};  // by sequence
    std::vector<Sequence> created;    // by account
    std::vector<Sequence> written;    // by page: at which sequence it stands
    // Most of the pages are full from the start, the last one fills up.
    for (auto filler = *rc::gen::element(0, 62, 64, 127); filler > 0; --filler) {
      created.push_back(
          store.create_account("filler " + std::to_string(filler), 0, -1'000'000).sequence);
      after.push_back(after.back());
      after.back().push_back(0);
    }
    const auto groups = *rc::gen::inRange(1, 12);
    for (int i = 0; i < groups; ++i) {
      Group group = store->begin_group(1, 1);
      const auto records = *rc::gen::inRange(1, 6);
      for (int r = 0; r < records; ++r) {
        Balances next = after.back();
        if (next.empty() || *rc::gen::inRange(0, 4) == 0) {
          ledger::NewAccount wanted;
          wanted.id = "account " + std::to_string(next.size());
          wanted.initial_balance = *rc::gen::inRange<Amount>(0, 100);
          wanted.floor = -1'000'000;
          created.push_back(group.add(wanted).sequence);
          next.push_back(wanted.initial_balance);
        } else {
          TransferSpec transfer;
          const auto count = *rc::gen::inRange(1, 4);
          for (int p = 0; p < count; ++p) {
            const auto account =
                static_cast<AccountNumber>(*rc::gen::inRange<std::size_t>(0, next.size()));
            transfer.postings.push_back({account, *rc::gen::inRange<Amount>(-9, 10)});
            next[account] += transfer.postings.back().amount;
          }
          group.add(transfer.record());
        }
        group.end_unit();
        after.push_back(next);
      }
      store.append(std::move(group));
      if (*rc::gen::arbitrary<bool>()) {
        const Sequence head = store->durable();
        const Sequence marker = *rc::gen::inRange<Sequence>(store->checkpoint(), head + 1);
        std::vector<BalancePage> pages;
        for (std::uint32_t page = 0; page < balance_pages(created.size()); ++page) {
          const std::size_t first = std::size_t{page} * kBalancesOfPage;
          written.resize(balance_pages(created.size()));
          const Sequence from = std::max({marker, created[first], written[page]});
          if (created[first] > marker && *rc::gen::arbitrary<bool>()) continue;
          const Sequence at = *rc::gen::inRange<Sequence>(from, head + 1);
          written[page] = at;
          const auto end = std::min(first + kBalancesOfPage, after[at].size());
          pages.push_back({page, at, {&after[at][first], &after[at][first] + (end - first)}});
        }
        succeeded(store->write_balances(pages));
        if (*rc::gen::arbitrary<bool>()) succeeded(store->write_checkpoint(marker));
      }
      if (*rc::gen::inRange(0, 4) == 0) store.open();
      RC_ASSERT(balances(store) == after.back());
    }
    RC_ASSERT(value_of(store->verify(nullptr)).problems.empty());
  });
}

}  // namespace sg::persistence::test
