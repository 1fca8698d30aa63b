// Transactions and participants page by page. The history is partly indexed and partly not, and
// both have to read as one.
#include <catch2/catch.hpp>
#include <map>

#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

namespace {

// A ledger whose index takes the history over in small chunks.
struct World {
  static config::Settings settings() {
    auto settings = ledger_settings();
    settings.storage.index_chunk = 16;
    return settings;
  }
  static std::shared_ptr<persistence::Store> store() {
    persistence::StoreOptions options;
    options.index_chunk = 16;
    return memory_store(persistence::make_memory_disk(), options);
  }

  RunningLedger ledger{settings(), store()};
  LedgerClient& client = ledger.client;

  World() {
    for (const char* id : {"a", "b", "idle"})
      REQUIRE(told(client.create_account(id, 10'000)) == "OK");
  }
  // `count` transfers, each at a time of its own; every third is between a and b.
  std::vector<wire::Transaction> transfers(int count, std::int64_t first_time = 1'800'000'000'000) {
    std::vector<wire::Transaction> made;
    for (int i = 0; i < count; ++i) {
      ledger.tree.set_time(first_time + i * 1'000);
      const auto answer = i % 3 == 0   ? client.transfer({{"a", -i - 1}, {"b", i + 1}})
                          : i % 3 == 1 ? client.credit("a", i + 1)
                                       : client.debit("b", i + 1);
      REQUIRE(answer.ok());
      made.push_back(answer.body);
    }
    return made;
  }
};

std::vector<std::string> ids_of(const std::vector<wire::Transaction>& transactions) {
  std::vector<std::string> ids;
  for (const auto& transaction : transactions) ids.push_back(transaction.id());
  return ids;
}

std::vector<std::string> newest_first(const std::vector<wire::Transaction>& made,
                                      const std::string& account = {}) {
  std::vector<std::string> ids;
  for (auto it = made.rbegin(); it != made.rend(); ++it) {
    bool touched = account.empty();
    for (const auto& entry : it->entries()) touched = touched || entry.account_id() == account;
    if (touched) ids.push_back(it->id());
  }
  return ids;
}

std::vector<std::string> participants(LedgerClient& client, wire::ParticipantRole role,
                                      std::int32_t limit) {
  std::vector<std::string> ids;
  wire::ListParticipantsRequest request;
  request.set_role(role);
  request.set_limit(limit);
  do {
    const auto page = client.ask(&ParticipantStub::ListParticipants, request);
    REQUIRE(page.ok());
    if (limit != 0) CHECK(page.body.participants_size() <= limit);
    for (const auto& participant : page.body.participants()) ids.push_back(participant.id());
    request.set_page_token(page.body.next_page_token());
  } while (!request.page_token().empty());
  return ids;
}

}  // namespace

TEST_CASE("Pages run from the newest transaction to the oldest without gap or double") {
  World w;
  const auto made = w.transfers(100);
  for (const std::int32_t limit : {1, 7, 50, 100, 1000}) {
    CAPTURE(limit);
    CHECK(ids_of(w.client.all_transactions({}, limit)) == newest_first(made));
    CHECK(ids_of(w.client.all_transactions("a", limit)) == newest_first(made, "a"));
    CHECK(ids_of(w.client.all_transactions("b", limit)) == newest_first(made, "b"));
    CHECK(w.client.all_transactions("idle", limit).empty());
  }
}

TEST_CASE("A page has as many transactions as asked for, 50 unless told") {
  World w;
  w.transfers(60);
  CHECK(w.client.transactions().body.transactions_size() == 50);
  CHECK(w.client.transactions({}, 10).body.transactions_size() == 10);
  const auto exact = w.client.transactions({}, 60);
  CHECK(exact.body.transactions_size() == 60);
  CHECK(exact.body.next_page_token().empty());
}

TEST_CASE("What is committed while someone turns pages neither doubles nor shifts them") {
  World w;
  auto made = w.transfers(20);
  const auto first = w.client.transactions({}, 10);
  REQUIRE(first.ok());
  w.transfers(20, 1'900'000'000'000);
  const auto second = w.client.transactions({}, 10, first.body.next_page_token());
  REQUIRE(second.ok());
  std::vector<std::string> ids;
  for (const auto* page : {&first, &second}) {
    for (const auto& transaction : page->body.transactions()) ids.push_back(transaction.id());
  }
  CHECK(ids == newest_first(made));
  CHECK(second.body.next_page_token().empty());
}

TEST_CASE("A time range takes its beginning and leaves its end out") {
  World w;
  const auto made = w.transfers(40);
  const auto in_range = [&](std::int64_t from, std::int64_t to, const std::string& account) {
    wire::ListTransactionsRequest request;
    request.set_from(from);
    request.set_to(to);
    request.set_account_id(account);
    request.set_limit(3);
    std::vector<std::string> ids;
    do {
      const auto page = w.client.ask(&LedgerStub::ListTransactions, request);
      REQUIRE(page.ok());
      for (const auto& transaction : page.body.transactions()) ids.push_back(transaction.id());
      request.set_page_token(page.body.next_page_token());
    } while (!request.page_token().empty());
    return ids;
  };
  const std::vector<wire::Transaction> middle(made.begin() + 10, made.begin() + 25);
  const auto from = made[10].timestamp();
  const auto to = made[25].timestamp();
  CHECK(from == 1'800'000'010'000);
  for (const std::string account : {"", "a", "b"}) {
    CAPTURE(account);
    CHECK(in_range(from, to, account) == newest_first(middle, account));
    CHECK(in_range(from - 999, to, account) == newest_first(middle, account));
    CHECK(in_range(0, to, account) == newest_first({made.begin(), made.begin() + 25}, account));
    CHECK(in_range(to, 0, account) == newest_first({made.begin() + 25, made.end()}, account));
    CHECK(in_range(from, from, account).empty());
    CHECK(in_range(made.back().timestamp() + 1, 0, account).empty());
    CHECK(in_range(1, made.front().timestamp(), account).empty());
  }
}

TEST_CASE("A transaction is the same in its answer, by its id and in a listing") {
  World w;
  w.ledger.tree.set_time(1'800'000'000'456);
  const auto made = w.client.ask(&LedgerStub::Transfer,
                                 transfer_of({{"a", -3}, {"b", 2}, {"a", -1}}, {}, "rent for May"));
  REQUIRE(made.ok());
  const auto& t = made.body;
  CHECK(t.type() == "transfer");
  CHECK(t.reference() == "rent for May");
  CHECK(t.timestamp() == 1'800'000'000'456);
  REQUIRE(t.entries_size() == 3);
  CHECK(t.entries(2).account_id() == "a");
  CHECK(t.entries(2).amount() == -1);
  CHECK(w.client.transaction(t.id()).body.SerializeAsString() == t.SerializeAsString());
  const auto listed = w.client.transactions("a");
  REQUIRE(listed.body.transactions_size() == 1);
  CHECK(listed.body.transactions(0).SerializeAsString() == t.SerializeAsString());
  CHECK(w.client.credit("a", 1).body.type() == "credit");
  const auto debit = w.client.debit("a", 2);
  CHECK(debit.body.type() == "debit");
  CHECK(debit.body.entries(0).amount() == -2);
}

TEST_CASE("A client reads its own writes at once") {
  World w;
  for (int i = 1; i <= 50; ++i) {
    const auto made = w.client.credit("idle", 1);
    REQUIRE(made.ok());
    CHECK(w.client.balance("idle") == 10'000 + i);
    CHECK(w.client.transactions("idle", 1).body.transactions(0).id() == made.body.id());
    CHECK(w.client.transaction(made.body.id()).ok());
  }
}

TEST_CASE("Participants are listed by id, of one role or all, in pages or at once") {
  World w;
  const std::vector roles{wire::ACCESS_PROVIDER, wire::BANKING_PARTNER, wire::ECOSYSTEM_PARTNER,
                          wire::SUPPLIER, wire::EQUIPMENT_PROVIDER};
  std::map<wire::ParticipantRole, std::vector<std::string>> of_role;
  std::vector<std::string> all;
  for (int i = 10; i < 45; ++i) {
    const auto role = roles[static_cast<std::size_t>(i) % roles.size()];
    const auto id = "p" + std::to_string(i);
    REQUIRE(told(w.client.create_participant(id, role)) == "OK");
    of_role[role].push_back(id);
    all.push_back(id);
  }
  for (const std::int32_t limit : {0, 1, 7, 35, 1000}) {
    CAPTURE(limit);
    CHECK(participants(w.client, wire::PARTICIPANT_ROLE_UNSPECIFIED, limit) == all);
    for (const auto role : roles) CHECK(participants(w.client, role, limit) == of_role[role]);
  }
}
