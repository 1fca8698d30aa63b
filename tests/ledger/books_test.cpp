// Books against a model that keeps a copy of everything.
#include "ledger/books/books.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <utility>

using namespace sg::ledger;

namespace {

using Unit = std::vector<std::pair<AccountNumber, Amount>>;

std::optional<Books::Violation> book(Books& books, const Unit& unit) {
  return books.book([&unit](const auto& visit) {
    for (const auto& [account, amount] : unit) visit(account, amount);
  });
}

std::set<std::uint32_t> take_all(Books& books) {
  std::set<std::uint32_t> pages;
  while (books.has_changed()) {
    for (const auto page : books.take_changed(2)) pages.insert(page);
  }
  return pages;
}

}  // namespace

TEST_CASE("A unit is booked as a whole, or leaves every balance as it was", "[ledger][books]") {
  const std::vector<Amount> balances{100, 0, -5};
  const std::vector<Amount> floors{0, 0, -10};
  Books books(balances, floors);
  CHECK_FALSE(book(books, {{0, -100}, {1, 100}}));
  CHECK(books.balances(0, 3) == std::vector<Amount>{0, 100, -5});
  // In between it may be below: only the end counts.
  CHECK_FALSE(book(books, {{0, -50}, {1, -50}, {0, 50}, {1, 50}}));
  const auto wrong = book(books, {{1, -40}, {2, -6}, {0, 46}});
  REQUIRE(wrong);
  CHECK(wrong->account == 2);
  CHECK(wrong->balance == -11);
  CHECK(wrong->policy.floor == -10);
  CHECK(books.balances(0, 3) == std::vector<Amount>{0, 100, -5});
  CHECK_FALSE(book(books, {{2, -5}}));
  CHECK_FALSE(book(books, {{0, kMaxAmount}}));
  CHECK(books.balance(0) == kMaxAmount);
}

TEST_CASE("A unit that breaks a policy is not booked", "[ledger][books]") {
  // Accounts 0 and 1 are bounded, and moved past their bounds; the sides of 2 and 3 are frozen.
  const std::vector<Amount> balances{100, -50, 10, 10, 0, 10};
  const std::vector<Amount> floors(balances.size(), 0);
  const Policies policies{{0, {0, 90}},
                          {1, {-20, 90}},
                          {2, {0, Policy().ceiling, kDebits}},
                          {3, {0, Policy().ceiling, kCredits}},
                          {4, {0, Policy().ceiling, kNoSide, true}}};
  Books books(balances, floors, policies);
  const auto blamed = [&books, &balances](const Unit& unit) {
    const auto wrong = book(books, unit);
    if (wrong) CHECK(books.balances(0, books.accounts()) == balances);
    return wrong ? static_cast<int>(wrong->account) : -1;
  };
  CHECK(blamed({{0, 1}, {5, -1}}) == 0);
  CHECK(blamed({{1, -1}, {5, 1}}) == 1);
  CHECK(blamed({{1, 200}, {5, -1}}) == 1);
  CHECK(blamed({{2, -1}, {5, 1}}) == 2);
  CHECK(blamed({{3, 1}, {5, -1}}) == 3);
  // Also what another entry of the unit takes back.
  CHECK(blamed({{2, -1}, {2, 1}}) == 2);
  CHECK(blamed({{4, 1}, {4, -1}}) == 4);
  // Towards the bounds, and on the sides that are open.
  CHECK(blamed({{0, -5}, {1, 5}}) == -1);
  CHECK(blamed({{2, 1}, {3, -1}}) == -1);
  CHECK(blamed({{0, 3}, {0, -4}, {5, 1}}) == -1);
}

TEST_CASE("A checkpoint is given the pages that changed since the last one began",
          "[ledger][books]") {
  constexpr std::size_t kAccounts = 5 * Books::kAccountsOfPage;
  const std::vector<Amount> balances(kAccounts, 10);
  const std::vector<Amount> floors(kAccounts, 0);
  Books books(balances, floors);
  books.begin_checkpoint();
  CHECK(take_all(books) == std::set<std::uint32_t>{0, 1, 2, 3, 4});
  CHECK_FALSE(book(books, {{0, -1}, {kAccounts - 1, 1}}));
  books.open(7, {});
  books.begin_checkpoint();
  // These change while the checkpoint is under way: they are in the next one too.
  CHECK_FALSE(book(books, {{0, -1}, {Books::kAccountsOfPage, 1}}));
  CHECK(take_all(books) == std::set<std::uint32_t>{0, 4, 5});
  books.begin_checkpoint();
  CHECK(take_all(books) == std::set<std::uint32_t>{0, 1});
  books.mark_all_changed();
  books.begin_checkpoint();
  CHECK(take_all(books).size() == books.pages());
}

TEST_CASE("What a checkpoint did not take is in the next one", "[ledger][books]") {
  const std::vector<Amount> balances(4 * Books::kAccountsOfPage, 10);
  Books books(balances, std::vector<Amount>(balances.size(), 0));
  books.begin_checkpoint();
  REQUIRE(books.take_changed(1).size() == 1);
  // Its indexer ends here, with one page taken and three left.
  CHECK_FALSE(book(books, {{0, -1}}));
  books.begin_checkpoint();
  CHECK(take_all(books).size() >= 3);
}

TEST_CASE("Copies show the moment at which they were begun", "[ledger][books]") {
  std::mt19937_64 random(5);
  constexpr std::size_t kAccounts = 3 * Books::kAccountsOfPage + 7;
  const std::vector<Amount> floors(kAccounts, -1'000'000);
  Books books(std::vector<Amount>(kAccounts, 0), floors);
  std::deque<std::vector<Amount>> expected;
  std::size_t copied = 0;
  for (int step = 0; step < 5'000; ++step) {
    const auto account = static_cast<AccountNumber>(random() % books.accounts());
    switch (random() % 20) {
      case 0:
        books.begin_copy();
        expected.push_back(books.balances(0, books.accounts()));
        break;
      case 1:
        books.open(3, {});
        break;
      case 2:
      case 3:
        if (expected.empty()) break;
        if (const auto copy = books.advance_copy(1)) {
          CHECK(*copy == expected.front());
          expected.pop_front();
          ++copied;
        }
        break;
      case 4:
        if (expected.size() < 3) break;
        books.drop_copy();
        expected.pop_front();
        break;
      default:
        (void)book(books, {{account, static_cast<Amount>(random() % 100)}});
    }
  }
  CHECK(copied > 40);
}
