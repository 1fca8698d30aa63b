// Runs of an index on RocksDB: pages, merges, what is left of a merge that did not end.
#include <rapidcheck/catch.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "bed.hpp"
#include "forwarding_rows.hpp"
#include "persistence/chain/block_cursor.hpp"
#include "persistence/index/record_index.hpp"
#include "persistence/index/run_merge.hpp"
#include "persistence/rocks/directory_medium.hpp"
#include "persistence/rows/rows.hpp"

namespace sg::persistence::test {
namespace {

// Rows of a store of their own.
struct Rows {
  TempDirectory directory;
  std::unique_ptr<Medium> medium = make_directory_medium(directory.path() / "store", {});
  std::unique_ptr<KeyValue> rows;

  Rows() {
    succeeded(medium->prepare(Access::read_write));
    succeeded(medium->create({}));
    open();
  }
  void open() {
    rows.reset();
    rows = value_of(medium->open(Access::read_write));
  }
  std::size_t pages(Family family) const {
    std::size_t count = 0;
    const auto cursor = rows->cursor(family);
    for (cursor->seek({}); cursor->valid(); cursor->next()) ++count;
    return count;
  }
};

// Mentions of `terms` terms, records `first` to `last` with one of each `per_record`.
std::vector<Mention> some_mentions(Sequence first, Sequence last, std::uint64_t terms,
                                   std::uint64_t spread) {
  std::vector<Mention> mentions;
  for (Sequence sequence = first; sequence <= last; ++sequence) {
    mentions.push_back({sequence * 7919 % terms * spread, sequence});
    if (sequence % 3 == 0) mentions.push_back({sequence * 31 % terms * spread + 1, sequence});
  }
  return mentions;
}

RunPtr write_run(KeyValue& rows, std::uint32_t id, std::vector<Mention> mentions,
                 Family family = Family::history) {
  std::sort(mentions.begin(), mentions.end(), precedes);
  RunFacts facts;
  facts.id = id;
  facts.first = ~Sequence{0};
  for (const auto& mention : mentions) {
    facts.first = std::min(facts.first, mention.sequence);
    facts.last = std::max(facts.last, mention.sequence);
  }
  RunWriter writer(family, facts, mentions.size());
  for (const auto& mention : mentions) writer.add(mention);
  return value_of(writer.finish(rows));
}

std::vector<Mention> read_all(const KeyValue& rows, const Run& run) {
  std::vector<Mention> all;
  std::vector<Mention> page;
  for (std::uint32_t i = 0; i < run.pages(); ++i) {
    succeeded(run.read_page(rows, i, page));
    all.insert(all.end(), page.begin(), page.end());
  }
  return all;
}

Mentions of_histories(const std::vector<Mention>& mentions) {
  Mentions all;
  all.history = mentions;
  return all;
}

}  // namespace

TEST_CASE("A run of many pages gives back each term's mentions, newest first") {
  Rows store;
  const std::uint64_t spread = GENERATE(std::uint64_t{1}, std::uint64_t{1} << 50);
  const std::uint64_t terms = GENERATE(3, 500, 20'000);
  CAPTURE(spread, terms);
  const auto mentions = some_mentions(1'000, 21'000, terms, spread);
  auto run = write_run(*store.rows, 1, mentions);
  CHECK(run->pages() > 3);
  store.open();
  run = value_of(Run::load(*store.rows, Family::history, run->facts()));
  CHECK(read_all(*store.rows, *run).size() == mentions.size());
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Term term = i * i % (terms + 2) * spread + i % 2;
    for (const auto& range : {MentionRange{}, MentionRange{5'000, 15'000, 3},
                              MentionRange{5'000, 15'000, 100'000}, MentionRange{1, 0, 5}}) {
      std::vector<Sequence> found;
      succeeded(run->collect(*store.rows, term, range, found));
      CHECK(found == found_by_hand(mentions, term, range));
    }
  }
}

TEST_CASE("The filter of a run has all of its terms, however few they are") {
  Rows store;
  const auto family = GENERATE(Family::history, Family::keys);
  const auto terms = GENERATE(range(std::uint64_t{1}, std::uint64_t{50}));
  std::vector<Mention> mentions;
  for (std::uint64_t i = 0; i < terms; ++i) {
    mentions.push_back({mix(i), 2 * i + 1});
    mentions.push_back({mix(i), 2 * i + 2});
  }
  const auto run = write_run(*store.rows, 1, mentions, family);
  CHECK(run->terms() == terms);
  for (const auto& mention : mentions) {
    CHECK(run->filter().may_have(TermFilter::Probe(filter_hash(family, mention.term))));
  }
}

TEST_CASE("A merge has what its runs had, whatever the size of its slices") {
  Rows store;
  const std::size_t slice = GENERATE(std::size_t{1'000}, ~std::size_t{0});
  std::vector<RunPtr> runs;
  std::vector<Mention> all;
  for (std::uint32_t i = 0; i < 5; ++i) {
    const auto mentions = some_mentions(1 + i * 3'000, (i + 1) * 3'000, 700, 3);
    all.insert(all.end(), mentions.begin(), mentions.end());
    runs.push_back(write_run(*store.rows, i + 1, mentions));
  }
  std::sort(all.begin(), all.end(), precedes);
  RunMerge merge(Family::history, runs, 9);
  RunPtr merged;
  int steps = 0;
  while (!merged) {
    merged = value_of(merge.step(*store.rows, slice));
    ++steps;
  }
  CHECK((steps > 5) == (slice == 1'000));
  CHECK(read_all(*store.rows, *merged) == all);
  for (const auto& mention : all) {
    CHECK(merged->filter().may_have(TermFilter::Probe(filter_hash(Family::history, mention.term))));
  }
  CHECK(merged->facts().first == 1);
  CHECK(merged->facts().last == 15'000);
  CHECK(merged->facts().level == 1);
  CHECK(merged->facts().mentions == all.size());
}

TEST_CASE("Merged runs are removed, and what a crash left of a merge as well") {
  Rows store;
  auto index = std::make_unique<RecordIndex>(100, 1'000);
  Sequence last = 0;
  std::vector<Mention> all;
  const auto push = [&] {
    const auto mentions = some_mentions(last + 1, last + 100, 40, 1);
    all.insert(all.end(), mentions.begin(), mentions.end());
    last += 100;
    index->push(of_histories(mentions), last, 1);
  };
  const auto work = [&] {
    while (value_of(index->work(*store.rows, false))) {
    }
  };
  const auto is_whole = [&] {
    for (Term term = 0; term < 42; ++term) {
      if (value_of(index->find(*store.rows, Index::history, term, {})) !=
          found_by_hand(all, term, {})) {
        return false;
      }
    }
    return true;
  };
  for (int i = 0; i < 20; ++i) {
    push();
    CHECK(is_whole());
    work();
    CHECK(is_whole());
  }
  // Two merged runs and four young ones, each with a page and a footer.
  CHECK(store.pages(Family::history) == 12);
  CHECK_FALSE(index->has_work());

  // The process ends in the middle of a merge.
  for (int i = 0; i < 4; ++i) push();
  while (index->unindexed() > 0) value_of(index->work(*store.rows, false));
  CHECK(index->has_work());
  RunMerge unfinished(Family::history, {write_run(*store.rows, 77, some_mentions(1, 2'000, 50, 1))},
                      78);
  value_of(unfinished.step(*store.rows, 1'000));
  CHECK(store.pages(Family::history) > 20);
  store.open();
  index = std::make_unique<RecordIndex>(100, 1'000);
  succeeded(index->load(*store.rows));
  succeeded(index->remove_orphans(*store.rows));
  CHECK(index->indexed() == last);
  CHECK(store.pages(Family::history) == 20);
  CHECK(is_whole());
  work();
  CHECK(is_whole());
  CHECK(store.pages(Family::history) == 6);
}

namespace {

// Rows that let something else happen before a page is read.
class MeddledRows final : public ForwardingRows {
 public:
  using ForwardingRows::ForwardingRows;
  std::function<void()> before_next_get;

  StoreResult<std::optional<std::string>> get(Family family, std::string_view key) const override {
    if (before_next_get) std::exchange(const_cast<MeddledRows*>(this)->before_next_get, {})();
    return ForwardingRows::get(family, key);
  }
};

}  // namespace

TEST_CASE("Runs that are merged while a look-up reads them stay until it has ended") {
  Rows store;
  RecordIndex index(10, 1'000);
  std::vector<Mention> all;
  for (Sequence sequence = 1; sequence <= 80; ++sequence) {
    const std::vector<Mention> mentions{{7, sequence}};
    all.push_back(mentions.front());
    index.push(of_histories(mentions), sequence, 1);
  }
  while (index.unindexed() > 0) value_of(index.work(*store.rows, false));
  const auto work = [&] {
    while (value_of(index.work(*store.rows, false))) {
    }
  };
  MeddledRows rows(*store.rows);
  rows.before_next_get = work;
  CHECK(value_of(index.find(rows, Index::history, 7, {})) == found_by_hand(all, 7, {}));
  // The merged run beside the eight that were being read.
  CHECK(store.pages(Family::history) == 18);
  CHECK(index.has_work());
  work();
  CHECK(store.pages(Family::history) == 2);
  CHECK(value_of(index.find(rows, Index::history, 7, {})) == found_by_hand(all, 7, {}));
}

// Whoever reads many records asks for the block that it stands on, and after the end for it again.
TEST_CASE("A cursor that has left its block finds it again") {
  Rows store;
  BlockWriter writer;
  for (const Sequence first : {1, 3}) {
    writer.begin(first);
    for (int i = 0; i < 2; ++i) writer.add(TransferRecord{});
    writer.seal({});
  }
  const auto batch = store.rows->new_batch();
  for (const auto& block : writer.blocks()) {
    batch->put(Family::blocks, be64(block.first), writer.bytes_of(block));
  }
  succeeded(store.rows->write(*batch, false));

  BlockCursor cursor(*store.rows);
  succeeded(cursor.require(3));
  succeeded(cursor.require(4));
  CHECK(cursor.block().first() == 3);
  CHECK_FALSE(value_of(cursor.next()));
  succeeded(cursor.require(4));
  REQUIRE(cursor.is_on_block());
  CHECK(cursor.block().first() == 3);
  succeeded(cursor.require(2));
  CHECK(cursor.block().first() == 1);
  CHECK_FALSE(cursor.require(5).has_value());
}

// Found by the fuzz target `run`.
TEST_CASE("A page that is not in the order of an index does not decode") {
  using namespace std::string_literals;
  const auto is_read = [](const std::string& page) {
    Rows store;
    const auto key = run_key(1, 0);
    const KeyRow row{key, page};
    succeeded(store.rows->ingest(Family::history, {&row, 1}));
    RunFacts facts;
    facts.id = 1;
    const Run run(Family::history, facts, {Mention{}}, 1, TermFilter(1));
    std::vector<Mention> mentions;
    return run.read_page(*store.rows, 0, mentions).has_value();
  };
  CHECK(is_read("\x05\x09\x00\x02\x01\x03"s));
  CHECK_FALSE(is_read("\x05\x09\x00\x00"s));                                // twice the same
  CHECK_FALSE(is_read("\x05\x09\x00\x0A"s));                                // below sequence 0
  CHECK_FALSE(is_read("\x05\x09"s + std::string(9, '\xFF') + "\x01\x03"));  // past the last term
}

TEST_CASE("A filter never denies a term that it was given, and denies most others") {
  rc::prop("whatever the terms", [](const std::vector<std::uint64_t>& terms) {
    TermFilter filter(terms.size());
    for (const auto term : terms) filter.add(TermFilter::Probe(term));
    TermFilter loaded;
    RC_ASSERT(loaded.load(filter.bytes()));
    for (const auto term : terms) RC_ASSERT(loaded.may_have(TermFilter::Probe(term)));
  });
  // Account numbers as they come, keys as hashes.
  const auto account = [](std::uint64_t i) { return filter_hash(Family::history, i); };
  const auto key = [](std::uint64_t i) { return filter_hash(Family::keys, mix(i)); };
  const auto denies_most = [](const auto& hash_of) {
    TermFilter filter(100'000);
    for (std::uint64_t i = 0; i < 100'000; ++i) filter.add(TermFilter::Probe(hash_of(i)));
    int wrong = 0;
    for (std::uint64_t i = 100'000; i < 200'000; ++i)
      wrong += filter.may_have(TermFilter::Probe(hash_of(i))) ? 1 : 0;
    return wrong < 200;
  };
  CHECK(denies_most(account));
  CHECK(denies_most(key));
}

}  // namespace sg::persistence::test
