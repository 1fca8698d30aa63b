// A page of accounts is cut where the store's rows end, though it shows only those that the
// snapshot of the balances knows.
#include <catch2/catch.hpp>

#include "actors/reads.hpp"
#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

namespace {

constexpr std::size_t kRows = 6;

std::shared_ptr<persistence::Store> store_with(const std::vector<std::string>& ids) {
  auto store = memory_store();
  auto group = store->begin_group(1, 1);
  for (const auto& id : ids) {
    ledger::NewAccount account;
    account.id = id;
    group.add(account);
    group.end_unit();
  }
  REQUIRE(store->append(std::move(group)).has_value());
  return store;
}

// Of every page, from the first to the last.
std::vector<std::string> listed(const persistence::Store& store, std::int64_t limit,
                                std::size_t known) {
  std::vector<std::string> ids;
  actors::AccountPage ask{limit, {}};
  std::size_t pages = 0;
  do {
    // More pages than rows: it turns in a circle.
    REQUIRE(++pages <= kRows);
    const auto answer = actors::read_accounts(store, ask, std::vector<ledger::Amount>(known, 0));
    REQUIRE(answer.has_value());
    const auto& page = std::get<actors::Page<actors::AccountView>>(*answer);
    for (const auto& view : page.items) ids.push_back(view.account.id);
    ask.token = page.next;
  } while (!ask.token.empty());
  return ids;
}

}  // namespace

// The page lost its last account twice: once to the snapshot, once to the count. With a page of one
// the token was made of an account that was not there; with none the listing ended early.
TEST_CASE("Accounts newer than the snapshot are left out without ending or breaking the listing") {
  // "m" and "z" are the oldest.
  const auto store = store_with({"m", "z", "a", "b", "n", "o"});
  for (const std::int64_t limit : {1, 2, 3, 5, 6, 1000}) {
    CAPTURE(limit);
    CHECK(listed(*store, limit, 2) == std::vector<std::string>{"m", "z"});
    CHECK(listed(*store, limit, 1) == std::vector<std::string>{"m"});
    CHECK(listed(*store, limit, 0).empty());
    CHECK(listed(*store, limit, 6) == std::vector<std::string>{"a", "b", "m", "n", "o", "z"});
  }
}
