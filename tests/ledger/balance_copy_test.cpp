#include "ledger/books/balance_copy.hpp"

#include <catch2/catch.hpp>
#include <random>

namespace sg::ledger {
namespace {

std::vector<Amount> numbered(std::size_t accounts) {
  std::vector<Amount> balances(accounts);
  for (std::size_t i = 0; i < accounts; ++i) balances[i] = static_cast<Amount>(i) + 1;
  return balances;
}

TEST_CASE("A copy shows the balances of its beginning, whatever changes between its slices",
          "[ledger][books]") {
  const std::size_t accounts = GENERATE(0, 1, 63, 64, 65, 1000, 4096);
  const std::size_t pages = GENERATE(1, 2, 7, 1000);
  CAPTURE(accounts, pages);
  auto live = numbered(accounts);
  const auto balance_of = [&](AccountNumber number) { return live[number]; };
  BalanceCopy copy(accounts);
  std::mt19937_64 random(accounts * 31 + pages);
  // Creations and changes, of the new accounts too.
  const auto change_some = [&] {
    live.push_back(-1);
    for (int i = 0; i < 40; ++i) {
      const auto number = static_cast<AccountNumber>(random() % live.size());
      copy.keep(number, balance_of);
      live[number] -= 1'000'000;
    }
  };
  change_some();
  std::size_t slices = 1;
  for (; !copy.advance(pages, balance_of); ++slices) change_some();
  change_some();
  CHECK(std::move(copy).take() == numbered(accounts));
  const auto all_pages = (accounts + BalanceCopy::kPage - 1) / BalanceCopy::kPage;
  CHECK(slices == std::max<std::size_t>((all_pages + pages - 1) / pages, 1));
}

TEST_CASE("A slice reads no more balances than its pages have, and a change at most one page",
          "[ledger][books]") {
  const auto live = numbered(10'000);
  std::size_t read = 0;
  const auto balance_of = [&](AccountNumber number) {
    ++read;
    return live[number];
  };
  BalanceCopy copy(live.size());
  CHECK_FALSE(copy.advance(3, balance_of));
  CHECK(std::exchange(read, 0) == 3 * BalanceCopy::kPage);
  copy.keep(9'000, balance_of);
  CHECK(std::exchange(read, 0) == BalanceCopy::kPage);
  copy.keep(9'001, balance_of);   // kept already
  copy.keep(0, balance_of);       // copied already
  copy.keep(10'000, balance_of);  // created later
  CHECK(read == 0);
  while (!copy.advance(3, balance_of)) CHECK(std::exchange(read, 0) <= 3 * BalanceCopy::kPage);
  CHECK(std::move(copy).take() == live);
}

}  // namespace
}  // namespace sg::ledger
