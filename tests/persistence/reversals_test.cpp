// Reversals in the store: found from what they take back, and what they leave of it; verified.
#include "bed.hpp"
#include "persistence/chain/block_cut.hpp"
#include "persistence/chain/block_reader.hpp"
#include "persistence/chain/extension.hpp"
#include "persistence/chain/format.hpp"

namespace sg::persistence::test {
namespace {

using Catch::Contains;
using Parts = std::vector<ledger::Remainder::Part>;

StoreOptions small_chunks() {
  StoreOptions options;
  options.index_chunk = 20;
  return options;
}

struct ReversalSpec {
  ledger::TransactionPlace of;
  std::vector<Posting> postings;
  Parts left = {};
  bool all = false;
  bool balanced = false;
  std::string key = {};
};

Sequence reverse(Bed& store, const ReversalSpec& spec) {
  ledger::Details details;
  details.reverses = spec.of;
  details.reverses_all = spec.all;
  const ledger::Remainder remainder{spec.left, spec.balanced};
  auto group = store->begin_group(store.now, store.run_ms);
  TransferRecord record;
  record.kind = ledger::TransferKind::reversal;
  record.postings = spec.postings;
  record.idempotency_key = spec.key;
  record.key_hash = key_hash(spec.key);
  record.details = &details;
  record.remainder = &remainder;
  const auto sequence = group.add(record);
  group.end_unit();
  store.append(std::move(group));
  return sequence;
}

// 100 from "a" to "b".
struct Filled : Bed {
  ledger::TransactionPlace original;

  explicit Filled(Backend backend, StoreOptions options = {}) : Bed(backend, options) {
    create_account("a", 1'000);
    create_account("b");
    original = {now, transfer({{{0, -100}, {1, 100}}, "rent"})};
  }
  std::vector<std::string> problems() {
    std::vector<std::string> all = value_of((*this)->verify({})).problems;
    return all;
  }
  std::optional<ledger::Original> read() { return read(original); }
  std::optional<ledger::Original> read(const ledger::TransactionPlace& place) {
    const auto all = value_of((*this)->originals({&place, 1}, 1'000));
    REQUIRE(all.size() == 1);
    return value_of(all.front());
  }
};

std::vector<std::pair<std::string, Amount>> left_of(const std::optional<ledger::Original>& read) {
  REQUIRE(read.has_value());
  std::vector<std::pair<std::string, Amount>> left;
  for (const auto& one : read->remaining) {
    left.emplace_back(one.account_id, static_cast<Amount>(one.amount));
  }
  return left;
}
using Left = std::vector<std::pair<std::string, Amount>>;

TEST_CASE("What is left of a transaction is what its last reversal says",
          "[persistence][reversals]") {
  Filled store(GENERATE(Backend::memory, Backend::rocksdb), small_chunks());
  CHECK(left_of(store.read()) == Left{{"a", -100}, {"b", 100}});
  CHECK(store.read()->newest == store.original.sequence);
  std::vector<Sequence> reversals;
  for (int i = 1; i <= 60; ++i) {
    const Amount left = 100 - i;
    reversals.push_back(
        reverse(store, {store.original, {{0, 1}, {1, -1}}, {{0, -left}, {1, left}}}));
    store.now += 1'000;
    store.transfer({{{0, 1}}, "noise " + std::to_string(i)});
  }
  for (const bool restarted : {false, true}) {
    if (restarted) {
      store.index_all();
      store.open();
    }
    CHECK(left_of(store.read()) == Left{{"a", -40}, {"b", 40}});
    CHECK(store.read()->newest == reversals.back());
    const auto original = value_of(store->transaction(store.original.sequence));
    REQUIRE(original->reversed_by.size() == 60);
    CHECK(original->reversed_by.front().sequence == reversals.back());
    CHECK(original->reversed_by.back().sequence == reversals.front());
    CHECK(original->reversed_by.back().time == store.original.time);
    const auto reversal = value_of(store->transaction(reversals[3]));
    CHECK(reversal->kind == ledger::TransferKind::reversal);
    CHECK(reversal->details.reverses == store.original);
    CHECK(reversal->reversed_by.empty());
    CHECK(value_of(store->transactions_with("rent", {})).front().reversed_by.size() == 60);
    // Lists do not look it up.
    for (const auto& one : value_of(store->transactions({}))) CHECK(one.reversed_by.empty());
    CHECK(store.problems().empty());
  }
  CHECK(store->format() == kFormatOfCommands);
}

TEST_CASE("No more than a hundred reversals are told", "[persistence][reversals]") {
  Filled store(Backend::memory);
  for (Amount i = 1; i <= 100; ++i) {
    reverse(
        store,
        {store.original, {{1, -1}}, i < 100 ? Parts{{0, -100}, {1, 100 - i}} : Parts{{0, -100}}});
  }
  const auto last = reverse(store, {store.original, {{0, 1}}, {{0, -99}}});
  const auto read = value_of(store->transaction(store.original.sequence));
  REQUIRE(read->reversed_by.size() == kMaxReversedBy);
  CHECK(read->reversed_by.front().sequence == last);
}

TEST_CASE("What a place names", "[persistence][reversals]") {
  Filled store(GENERATE(Backend::memory, Backend::rocksdb));
  const auto place = store.original;
  const auto read = [&](Sequence sequence, TimeMs time) { return store.read({time, sequence}); };
  CHECK_FALSE(read(place.sequence, place.time + 1).has_value());
  CHECK_FALSE(read(place.sequence + 1, place.time).has_value());
  CHECK_FALSE(read(0, place.time).has_value());
  // A creation is there, and has moved nothing that could be taken back.
  CHECK_FALSE(read(1, place.time)->is_reversible);
  CHECK(read(place.sequence, place.time)->is_reversible);
  // An account that a record names twice has what it moved there in all.
  const auto twice = store.transfer({{{0, 5}, {1, 3}, {0, -5}, {1, 4}}});
  CHECK(left_of(read(twice, store.now)) == Left{{"b", 7}});
}

TEST_CASE("No more is read than there is room for", "[persistence][reversals]") {
  Filled store(Backend::memory);
  const auto second = store.transfer({{{0, 1}, {1, 2}}});
  const std::vector<ledger::TransactionPlace> places{store.original, {store.now, second}};
  const auto all = value_of(store->originals(places, 3));
  CHECK_FALSE((*all[0])->is_unread);
  CHECK((*all[1])->is_unread);
  CHECK((*all[1])->remaining.empty());
}

TEST_CASE("Transactions are read together, with their reversals", "[persistence][reversals]") {
  Filled store(GENERATE(Backend::memory, Backend::rocksdb));
  const auto reversal = reverse(store, {store.original, {{0, 1}}, {{0, -99}, {1, 100}}});
  const std::vector<Sequence> asked{store.original.sequence, reversal};
  const auto read = value_of(store->transactions_at(asked, {}));
  REQUIRE(read.size() == 2);
  CHECK(read[0].reversed_by.front().sequence == reversal);
  CHECK(read[1].details.reverses == store.original);
  const auto first = [](const StoredTransaction&) { return true; };
  CHECK(value_of(store->transactions_at(asked, first)).size() == 1);
  CHECK_FALSE(store->transactions_at(std::vector<Sequence>{1}, {}));
}

TEST_CASE("The journal is told of reversals that a coordinator did not see",
          "[persistence][reversals]") {
  Filled store(GENERATE(Backend::memory, Backend::rocksdb));
  ledger::Details details;
  details.reverses = store.original;
  ledger::Transfer asked;
  asked.kind = ledger::TransferKind::reversal;
  asked.details = &details;
  const auto* pointer = &asked;
  const auto found = [&](Sequence after) {
    return value_of(store->find_reversed({&pointer, 1}, after));
  };
  CHECK(found(0).empty());
  const auto first = reverse(store, {store.original, {{0, 1}}, {{0, -99}, {1, 100}}});
  const auto second = reverse(store, {store.original, {{0, 1}}, {{0, -98}, {1, 100}}});
  CHECK(found(0).front().place->sequence == second);
  CHECK(found(first).front().place->sequence == second);
  CHECK(found(second).empty());
}

TEST_CASE("A retry of a reversal of all that is left has the same content",
          "[persistence][reversals]") {
  Filled store(GENERATE(Backend::memory, Backend::rocksdb));
  reverse(store, {store.original, {{0, 100}, {1, -100}}, {}, true, false, "refund"});
  ledger::Details details;
  details.reverses = store.original;
  details.reverses_all = true;
  auto asked = keyed("refund", key_hash("refund"));
  asked.kind = ledger::TransferKind::reversal;
  asked.details = &details;
  CHECK(value_of(find_key(*store, asked))->same_content);
  // What was asked for, and not what became of it, is the content.
  const std::vector<ledger::Entry> entries{{"a", 100}, {"b", -100}};
  ledger::Details in_part = details;
  in_part.reverses_all = false;
  asked.details = &in_part;
  asked.entries = entries;
  CHECK_FALSE(value_of(find_key(*store, asked))->same_content);
  ledger::Details other = details;
  ++other.reverses.sequence;
  asked.details = &other;
  asked.entries = {};
  CHECK_FALSE(value_of(find_key(*store, asked))->same_content);
}

TEST_CASE("A verification reports reversals that do not fit", "[persistence][reversals]") {
  Filled store(Backend::memory);
  const auto place = store.original;
  const auto has = [&](const std::string& text) {
    const auto problems = store.problems();
    INFO(::Catch::StringMaker<std::vector<std::string>>::convert(problems));
    return std::any_of(problems.begin(), problems.end(), [&](const std::string& problem) {
      return problem.find(text) != std::string::npos;
    });
  };
  SECTION("more than was moved") {
    reverse(store, {place, {{1, -101}}, {{0, -100}, {1, -1}}});
    CHECK(has("takes back more of record 3 than was left"));
  }
  SECTION("two from one state") {
    reverse(store, {place, {{1, -60}}, {{0, -100}, {1, 40}}});
    CHECK(store.problems().empty());
    reverse(store, {place, {{1, -60}}, {{0, -100}, {1, 40}}});
    CHECK(has("takes back more of record 3 than was left"));
  }
  SECTION("an account that it did not touch") {
    store.create_account("c", 10);
    reverse(store, {place, {{2, -1}}, {{0, -100}, {1, 100}}});
    CHECK(has("takes back more of record 3 than was left"));
  }
  SECTION("a wrong remainder") {
    reverse(store, {place, {{1, -60}}, {{0, -100}, {1, 41}}});
    CHECK(has("tells wrongly what it leaves of record 3"));
  }
  SECTION("what is not before it") {
    reverse(store, {{place.time, 9}, {{1, -1}}, {}});
    CHECK(has("takes back record 9, which is not before it"));
  }
  SECTION("what is no transaction, or of another time") {
    reverse(store, {{place.time, 1}, {{1, -1}}, {}});
    CHECK(has("takes back record 1, which is not that one"));
    reverse(store, {{place.time + 1, 3}, {{1, -1}}, {{0, -100}, {1, 99}}});
    CHECK(has("takes back record 3, which is not that one"));
  }
  SECTION("a balance that was promised") {
    const ledger::Details balanced{{}, 0, true};
    auto group = store->begin_group(store.now, store.run_ms);
    const std::vector<Posting> moved{{0, -5}, {1, 5}};
    TransferRecord record;
    record.postings = moved;
    record.details = &balanced;
    const auto sequence = group.add(record);
    group.end_unit();
    store.append(std::move(group));
    CHECK(store.read({store.now, sequence})->balanced);
    const auto reversal =
        reverse(store, {{store.now, sequence}, {{0, 2}, {1, -2}}, {{0, -3}, {1, 3}}, false, true});
    CHECK(store.problems().empty());
    // A reversal of a reversal is bound as well.
    CHECK(store.read({store.now, reversal})->balanced);
    reverse(store, {{store.now, sequence}, {{0, 3}}, {{1, 3}}, false, true});
    CHECK(has("does not balance as record 4 had to"));
  }
}

TEST_CASE("A reversal's fields have one form", "[persistence][reversals]") {
  ledger::Details details;
  details.reverses = {-5, 77};
  details.reverses_all = true;
  const ledger::Remainder remainder{{{3, -9}, {4, 9}}, true};
  std::string extension;
  put_details(details, extension);
  put_remainder(remainder, extension);
  CHECK(*read_details(extension) == details);
  CHECK(*read_remainder(extension) == remainder);
  for (std::size_t size = 1; size < extension.size(); ++size) {
    const auto cut = std::string_view(extension).substr(0, size);
    CHECK((!read_details(cut) || !read_remainder(cut)));
  }
  // Not before the details.
  std::string wrong;
  put_remainder(remainder, wrong);
  put_details(details, wrong);
  CHECK_FALSE(read_details(wrong));
  CHECK_FALSE(read_remainder("").has_value());
}

TEST_CASE("A block with a reversal has its version, and is cut as others",
          "[persistence][reversals]") {
  BlockWriter writer;
  writer.begin(1);
  const std::vector<Posting> moved{{0, -1}};
  writer.add(TransferRecord{ledger::TransferKind::transfer, moved, "r", ""});
  writer.mark_unit_end();
  ledger::Details details;
  details.reverses = {0, 1};
  const ledger::Remainder remainder;
  const std::vector<Posting> back{{0, 1}};
  TransferRecord record;
  record.kind = ledger::TransferKind::reversal;
  record.postings = back;
  record.idempotency_key = "k";
  record.details = &details;
  record.remainder = &remainder;
  writer.add(record);
  writer.mark_unit_end();
  BlockStamp stamp;
  stamp.totals.transactions = 2;
  writer.seal(stamp);
  const auto block = BlockView::parse(writer.bytes_of(writer.blocks().front())).value();
  CHECK(block.format() == kFormatOfCommands);
  CHECK(block.is_transaction_at(1));
  DecodedRecord decoded;
  REQUIRE(block.read_record(1, decoded));
  CHECK(decoded.kind == RecordKind::reversal);
  CHECK(decoded.key == "k");
  CHECK(decoded.ends_unit);
  const auto cut = value_of(cut_block(block, 1));
  const auto left = BlockView::parse(cut).value();
  CHECK(left.format() == kOldestFormat);
  CHECK(left.stamp().totals.transactions == 1);
  CHECK(left.stamp().totals.postings == -1);
}

}  // namespace
}  // namespace sg::persistence::test
