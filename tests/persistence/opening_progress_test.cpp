// What an opening tells of itself, so that nobody takes a long one for a hanging one.
#include <algorithm>

#include "bed.hpp"

namespace sg::persistence::test {
namespace {

struct Told {
  std::vector<OpeningProgress> all;

  std::vector<OpeningProgress> of(OpeningStep step) const {
    std::vector<OpeningProgress> some;
    std::copy_if(all.begin(), all.end(), std::back_inserter(some),
                 [step](const OpeningProgress& at) { return at.step == step; });
    return some;
  }
};

// A store with so many accounts and transfers, of which nothing is checkpointed or indexed.
void fill(Bed& store, std::size_t accounts, std::size_t transfers) {
  for (std::size_t i = 0; i < accounts; ++i) store.create_account("account" + std::to_string(i));
  const std::vector<TransferSpec> group(4096, TransferSpec{{{0, 1}, {1, 1}}});
  for (std::size_t done = 0; done < transfers; done += group.size()) store.transfers(group);
}

void check_step(const Told& told, OpeningStep step, std::uint64_t total, std::size_t least) {
  const auto some = told.of(step);
  INFO("step " << static_cast<int>(step) << ", told " << some.size() << " times");
  REQUIRE(some.size() >= least);
  CHECK(some.front().done == 0);
  CHECK(some.back().done == total);
  for (std::size_t i = 1; i < some.size(); ++i) CHECK(some[i - 1].done < some[i].done);
  for (const auto& at : some) CHECK(at.total == total);
}

}  // namespace

TEST_CASE("An opening tells how far each of its steps is") {
  Told told;
  StoreOptions options;
  options.opening_progress = [&told](const OpeningProgress& at) { told.all.push_back(at); };
  Bed store(GENERATE(Backend::memory, Backend::rocksdb), options);
  constexpr std::size_t kTransfers = 2 * OpeningStepReport::kEvery + 4096;
  fill(store, 3, kTransfers);
  store.close();
  told.all.clear();
  store.open();
  // The end of each step, and what lies between.
  check_step(told, OpeningStep::balances, 3 + kTransfers, 4);
  check_step(told, OpeningStep::indexes, 3 + kTransfers, 4);
  check_step(told, OpeningStep::accounts, 3, 2);
}

TEST_CASE("Steps without work are not told") {
  Told told;
  StoreOptions options;
  options.opening_progress = [&told](const OpeningProgress& at) { told.all.push_back(at); };
  Bed store(Backend::memory, options);
  store.create_account("a");
  store.transfer({{{0, 1}}});
  store.index_all();
  store.close();
  told.all.clear();
  store.open();
  CHECK(told.of(OpeningStep::indexes).empty());
}

TEST_CASE("An opening tells how much write-ahead log the database reads") {
  Told told;
  StoreOptions options;
  options.opening_progress = [&told](const OpeningProgress& at) { told.all.push_back(at); };
  Bed store(Backend::rocksdb, options);
  store.create_account("a");
  store.close();
  told.all.clear();
  store.open();
  const auto reads = told.of(OpeningStep::database);
  // Once to look, and once to write.
  REQUIRE(reads.size() == 4);
  CHECK(reads[0].done == 0);
  CHECK(reads[0].total > 0);
  CHECK(reads[1].done == reads[1].total);
}

}  // namespace sg::persistence::test
