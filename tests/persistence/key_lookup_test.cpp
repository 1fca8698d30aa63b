// What looking up many keys costs.
#include <algorithm>
#include <random>

#include "bed.hpp"
#include "forwarding_rows.hpp"
#include "persistence/index/key_index.hpp"
#include "persistence/rocks/directory_medium.hpp"

namespace sg::persistence::test {
namespace {

constexpr std::size_t kKeys = 3'000;

// Counts how often a cursor on the blocks moves.
class CountingCursor final : public Cursor {
 public:
  CountingCursor(std::unique_ptr<Cursor> below, std::size_t& moves)
      : below_(std::move(below)), moves_(moves) {}
  bool valid() const override { return below_->valid(); }
  std::string_view key() const override { return below_->key(); }
  std::string_view value() const override { return below_->value(); }
  void seek(std::string_view key) override { ++moves_, below_->seek(key); }
  void seek_for_prev(std::string_view key) override { ++moves_, below_->seek_for_prev(key); }
  void seek_to_last() override { ++moves_, below_->seek_to_last(); }
  void next() override { ++moves_, below_->next(); }
  void prev() override { ++moves_, below_->prev(); }
  StoreResult<void> status() const override { return below_->status(); }

 private:
  std::unique_ptr<Cursor> below_;
  std::size_t& moves_;
};

class CountingRows final : public ForwardingRows {
 public:
  using ForwardingRows::ForwardingRows;
  mutable std::size_t block_reads = 0;

  std::unique_ptr<Cursor> cursor(Family family) const override {
    auto cursor = ForwardingRows::cursor(family);
    if (family != Family::blocks) return cursor;
    return std::make_unique<CountingCursor>(std::move(cursor), block_reads);
  }
};

}  // namespace

// A batch of bound keys in another order than that of the chain read a block for each of them.
TEST_CASE("However a batch of bound keys is ordered, each block is read once") {
  Bed store(Backend::rocksdb);
  store.create_account("a", 1'000'000);
  store.create_account("b", 0);
  std::vector<TransferSpec> specs;
  for (std::size_t i = 0; i < kKeys; ++i) {
    specs.push_back({{{0, -1}, {1, 1}}, "reference", "key " + std::to_string(i)});
  }
  const auto sequences = store.transfers(specs);
  const auto blocks = value_of(store->verify(nullptr)).blocks;
  REQUIRE(blocks < kKeys / 10);
  store.index_all();
  store.close();

  const auto medium = make_directory_medium(store.directory(), {});
  succeeded(medium->prepare(Access::read_only));
  const auto below = value_of(medium->open(Access::read_only));
  const CountingRows rows(*below);
  RecordIndex index(1'000, 1'000'000);
  succeeded(index.load(rows));
  KeyIndex keys(1'000'000);
  keys.advance(store.run_ms);
  AccountIdCache ids;

  std::vector<std::size_t> order(kKeys);
  for (std::size_t i = 0; i < kKeys; ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937(7));
  std::vector<ledger::Transfer> transfers;
  for (const auto i : order) {
    transfers.push_back(keyed(specs[i].key, key_hash(specs[i].key)));
  }
  std::vector<const ledger::Transfer*> asked;
  for (const auto& transfer : transfers) asked.push_back(&transfer);

  rows.block_reads = 0;
  const auto found = value_of(keys.find(rows, index, ids, asked, {0, sequences.back()}));
  CHECK(rows.block_reads <= blocks);
  REQUIRE(found.size() == kKeys);
  for (std::size_t i = 0; i < kKeys; ++i) {
    REQUIRE(found[i].transfer == i);
    REQUIRE(found[i].binding.has_value());
    REQUIRE(found[i].binding->sequence == sequences[order[i]]);
  }
}

}  // namespace sg::persistence::test
