// What operators ask: the tree, the verification, the accounts, the balance sheet.
#include <catch2/catch.hpp>
#include <limits>

#include "tests/support/held_store.hpp"
#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

namespace {

// "id type state" of a node and those under it, indented.
void draw(const wire::TreeNode& node, const std::string& indent, std::vector<std::string>& lines) {
  lines.push_back(indent + node.id() + ' ' + node.type() + ' ' + node.state());
  for (const auto& child : node.children()) draw(child, indent + "  ", lines);
}

wire::TreeNode tree_of(LedgerClient& client) {
  const auto answer = client.ask(&AdminStub::GetTree, wire::GetTreeRequest());
  INFO(told(answer));
  REQUIRE(answer.ok());
  return answer.body.root();
}

wire::BalanceSheetLine line(const std::string& participant, wire::AccountType type,
                            std::uint64_t accounts, const std::string& total) {
  wire::BalanceSheetLine line;
  line.set_participant_id(participant);
  line.set_account_type(type);
  line.set_accounts(accounts);
  line.set_total(total);
  return line;
}

wire::VerifyResponse verify(LedgerClient& client) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  const auto reader = client.stub<AdminStub>().Verify(&context, wire::VerifyRequest());
  wire::VerifyResponse response;
  wire::VerifyResponse last;
  while (reader->Read(&response)) {
    CHECK_FALSE(last.done());
    last = response;
  }
  CHECK(told(reader->Finish()) == "OK");
  CHECK(last.done());
  return last;
}

}  // namespace

TEST_CASE("The tree is the one of the design, and everything in it runs") {
  RunningLedger ledger;
  std::vector<std::string> lines;
  const auto root = tree_of(ledger.client);
  draw(root, "", lines);
  CHECK(lines == std::vector<std::string>{
                     "root supervisor running",
                     "  journal worker running",
                     "  shards supervisor running",
                     "    account_shard/0 worker running",
                     "    account_shard/1 worker running",
                     "    account_shard/2 worker running",
                     "  coordinator worker running",
                     "  queries worker running",
                     "  indexer worker running",
                     "  gateway worker running",
                 });
  for (const auto& child : root.children()) {
    CHECK(child.incarnation() == 1);
    CHECK(child.restarts_in_window() == 0);
    CHECK(child.last_exit_reason().empty());
  }
}

TEST_CASE("A reader that hangs is left behind and replaced, and who waited for it is told") {
  auto settings = ledger_settings();
  settings.supervisor.liveness_period = std::chrono::seconds{1};
  const auto store = std::make_shared<HeldStore>(memory_store());
  RunningLedger ledger(settings, store);
  auto& client = ledger.client;
  REQUIRE(told(client.create_account("a", 100)) == "OK");
  const auto debited = client.debit("a", 1);
  REQUIRE(told(debited) == "OK");
  auto hold = store->hold_transactions();
  CHECK(told(client.transaction(debited.body.id())) == "UNAVAILABLE NODE_UNAVAILABLE");
  const auto root = tree_of(client);
  const auto& queries = root.children(3);
  CHECK(queries.id() == "queries");
  CHECK(queries.incarnation() == 2);
  CHECK(queries.last_exit_reason() == "unresponsive: no answer within 1000 ms: abandoned");
  CHECK(told(client.debit("a", 1)) == "OK");
  hold.release();
  // The gateway may hear of the new one after the tree showed it.
  std::string line = "UNAVAILABLE NODE_UNAVAILABLE";
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (line == "UNAVAILABLE NODE_UNAVAILABLE" && std::chrono::steady_clock::now() < patience) {
    line = told(client.transaction(debited.body.id()));
  }
  CHECK(line == "OK");
}

TEST_CASE("The tree tells which child was restarted, and why") {
  RunningLedger ledger;
  ledger.tree.restart_child("indexer");
  const auto root = tree_of(ledger.client);
  for (const auto& child : root.children()) {
    CAPTURE(child.id());
    const bool restarted = child.id() == "indexer";
    CHECK(child.state() == "running");
    CHECK(child.incarnation() == (restarted ? 2 : 1));
    CHECK(child.restarts_in_window() == (restarted ? 1 : 0));
    CHECK(child.last_exit_reason().empty() != restarted);
  }
}

TEST_CASE("Verify walks the whole chain of a good store and finds no problem") {
  RunningLedger ledger;
  auto& client = ledger.client;
  CHECK(verify(client).problems().empty());
  REQUIRE(told(client.create_participant("p")) == "OK");
  REQUIRE(told(client.create_account("a", 100)) == "OK");
  REQUIRE(told(client.create_account("b", 0, -50)) == "OK");
  REQUIRE(told(client.transfer({{"a", -30}, {"b", 10}})) == "OK");
  REQUIRE(told(client.debit("b", 60)) == "OK");
  CHECK_FALSE(client.debit("b", 1).ok());

  const auto report = verify(client);
  CHECK(report.problems().empty());
  CHECK(report.accounts() == 2);
  CHECK(report.records() == report.records_total());
  CHECK(report.sum_of_balances() == "20");
  CHECK(report.sum_of_postings() == "20");
  CHECK(report.blocks() > 0);
  CHECK(report.head_hash().size() == 64);
  CHECK(verify(client).head_hash() == report.head_hash());
  REQUIRE(told(client.credit("b", 1)) == "OK");
  CHECK(verify(client).head_hash() != report.head_hash());
}

TEST_CASE("Accounts are listed by id with their balances, 100 a page unless told") {
  RunningLedger ledger;
  auto& client = ledger.client;
  std::vector<std::pair<std::string, std::int64_t>> made;
  for (int i = 0; i < 120; ++i) {
    const auto id = "a" + std::to_string(1'000 + i);
    REQUIRE(told(client.create_account(id, i)) == "OK");
    made.emplace_back(id, i);
  }
  REQUIRE(told(client.transfer({{"a1100", -100}, {"a1000", 100}})) == "OK");
  made[100].second = 0;
  made[0].second = 100;
  const auto list = [&](std::int32_t limit, std::size_t page_size) {
    std::vector<std::pair<std::string, std::int64_t>> listed;
    wire::ListAccountsRequest request;
    request.set_limit(limit);
    do {
      const auto page = client.ask(&AdminStub::ListAccounts, request);
      REQUIRE(page.ok());
      CHECK(static_cast<std::size_t>(page.body.accounts_size()) <= page_size);
      for (const auto& account : page.body.accounts()) {
        listed.emplace_back(account.id(), account.balance());
      }
      request.set_page_token(page.body.next_page_token());
    } while (!request.page_token().empty());
    return listed;
  };
  CHECK(list(0, 100) == made);
  CHECK(list(1, 1) == made);
  CHECK(list(40, 40) == made);
  CHECK(list(120, 120) == made);
  CHECK(list(1000, 1000) == made);
}

TEST_CASE("The balance sheet adds up by participant and type, to the sum of all postings") {
  RunningLedger ledger;
  auto& client = ledger.client;
  const auto sheet = [&] {
    const auto answer = client.ask(&AdminStub::GetBalanceSheet, wire::GetBalanceSheetRequest());
    REQUIRE(answer.ok());
    return answer.body;
  };
  CHECK(sheet().total() == "0");
  CHECK(sheet().lines().empty());

  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  REQUIRE(told(client.create_participant("p")) == "OK");
  REQUIRE(told(client.create_participant("o")) == "OK");
  REQUIRE(told(client.create_account_of("p", wire::FEES, 10)) == "OK");
  REQUIRE(told(client.create_account_of("p", wire::OPERATING, 20)) == "OK");
  REQUIRE(told(client.create_account_of("o", wire::OPERATING, 0)) == "OK");
  REQUIRE(told(client.create_account("rich", kMax)) == "OK");
  REQUIRE(told(client.create_account("richer", kMax)) == "OK");
  REQUIRE(told(client.transfer({{"p:operating", -15}, {"o:operating", 5}})) == "OK");
  REQUIRE(told(client.credit("p:fees", 7)) == "OK");
  CHECK_FALSE(client.debit("o:operating", 6).ok());

  const auto body = sheet();
  const std::vector expected{line("", wire::STANDALONE, 2, "18446744073709551614"),
                             line("o", wire::OPERATING, 1, "5"), line("p", wire::OPERATING, 1, "5"),
                             line("p", wire::FEES, 1, "17")};
  REQUIRE(static_cast<std::size_t>(body.lines_size()) == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(body.lines(static_cast<int>(i)).DebugString() == expected[i].DebugString());
  }
  CHECK(body.total() == "18446744073709551641");
  CHECK(body.sum_of_postings() == body.total());
  CHECK(body.transactions() == 2);
}
