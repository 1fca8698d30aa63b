// How large an answer may be: what passes 16 MiB is refused, and pages end where they were told to.
#include <catch2/catch.hpp>

#include "actors/gateway/transport/answer_bytes.hpp"
#include "tests/support/running_ledger.hpp"

using namespace sg;
using namespace sg::test;

namespace {

constexpr std::size_t kMaxBytes = 16 << 20;
const std::string kTooLarge = "RESOURCE_EXHAUSTED RESULT_TOO_LARGE max_bytes=16777216";

std::string numbered(const std::string& name, int i) { return name + std::to_string(100'000 + i); }

// Adds to the store in groups of a moderate size.
template <class Add>
void fill(persistence::Store& store, int count, int per_group, Add add) {
  for (int i = 0; i < count;) {
    auto group = store.begin_group(1, 1);
    for (int end = std::min(count, i + per_group); i < end; ++i) {
      add(group, i);
      group.end_unit();
    }
    REQUIRE(store.append_now(std::move(group)).has_value());
  }
}

void add_participants(persistence::Store& store, int count, std::size_t metadata_bytes) {
  fill(store, count, 100, [&](persistence::Group& group, int i) {
    ledger::NewParticipant participant;
    participant.id = numbered("p", i);
    participant.name = participant.id;
    participant.role = ledger::ParticipantRole::supplier;
    participant.metadata["text"] = std::string(metadata_bytes, 'm');
    group.add(participant);
  });
}

void add_accounts(persistence::Store& store, int count, std::size_t metadata_bytes) {
  fill(store, count, 100, [&](persistence::Group& group, int i) {
    ledger::NewAccount account;
    account.id = numbered("a", i);
    account.initial_balance = i;
    account.metadata["text"] = std::string(metadata_bytes, 'm');
    group.add(account);
  });
}

// Of 4,096 entries on one account whose id is as long as one may be: 1.1 MiB each.
std::vector<std::string> make_large_transactions(LedgerClient& client, int count) {
  const std::string id(256, 'x');
  REQUIRE(told(client.create_account(id, 1'000'000)) == "OK");
  const auto request = transfer_of(Entries(4'096, {id, -1}));
  std::vector<std::string> ids;
  for (int i = 0; i < count; ++i) {
    const auto made = client.ask(&LedgerStub::Transfer, request);
    REQUIRE(told(made) == "OK");
    ids.insert(ids.begin(), made.body.id());
  }
  return ids;
}

// The ids of all pages. Checks that each page has a row, ends as told, and is not shorter than it
// has to be: the first row of the next page would not have fitted.
template <class Stub, class Request, class Page>
std::vector<std::string> pages_of(LedgerClient& client, Method<Stub, Request, Page> method,
                                  Request request, const auto& rows_of) {
  std::vector<std::string> ids;
  std::size_t before = 0;  // bytes of the page before
  do {
    const auto page = client.ask(method, request);
    REQUIRE(told(page) == "OK");
    const auto& rows = rows_of(page.body);
    REQUIRE(rows.size() > 0);
    const auto bytes = page.body.ByteSizeLong();
    const auto page_bytes = static_cast<std::size_t>(request.page_bytes());
    if (rows.size() > 1) CHECK(bytes <= page_bytes);
    constexpr std::size_t kSlack = 600;  // room for a token, and for longer balances
    if (before != 0) CHECK(before + rows.Get(0).ByteSizeLong() + kSlack > page_bytes);
    before = bytes;
    for (const auto& row : rows) ids.push_back(row.id());
    request.set_page_token(page.body.next_page_token());
  } while (!request.page_token().empty());
  return ids;
}

std::vector<std::string> numbered_ids(const std::string& name, int count) {
  std::vector<std::string> ids;
  for (int i = 0; i < count; ++i) ids.push_back(numbered(name, i));
  return ids;
}

}  // namespace

// 123,000 participants of 17 KiB were answered with OK and none of them once, after 21 seconds.
TEST_CASE("A list that would pass 16 MiB is refused, and says what to ask for instead") {
  const auto store = memory_store();
  add_participants(*store, 1'100, 16'000);
  add_accounts(*store, 1'100, 16'000);
  RunningLedger ledger(ledger_settings(), store);
  auto& client = ledger.client;

  wire::ListParticipantsRequest participants;
  const auto all = client.ask(&ParticipantStub::ListParticipants, participants);
  CHECK(told(all) == kTooLarge);
  CHECK(all.status.error_message().find("page_bytes") != std::string::npos);
  CHECK(all.status.error_message().find("limit") != std::string::npos);
  participants.set_role(wire::SUPPLIER);
  CHECK(told(client.ask(&ParticipantStub::ListParticipants, participants)) == kTooLarge);
  participants.set_role(wire::BANKING_PARTNER);
  CHECK(told(client.ask(&ParticipantStub::ListParticipants, participants)) == "OK");
  wire::ListAccountsRequest accounts;
  accounts.set_limit(1'000);
  const auto fits = client.ask(&AdminStub::ListAccounts, accounts);
  CHECK(told(fits) == "OK");
  CHECK(fits.body.accounts_size() == 1'000);
  CHECK(fits.body.ByteSizeLong() <= kMaxBytes);
}

TEST_CASE("A page of accounts that would pass 16 MiB is refused") {
  const auto store = memory_store();
  // 16 KiB of metadata in small pieces take 36 KiB on the wire.
  ledger::Metadata metadata;
  for (int i = 0; i < 3'276; ++i) metadata[std::to_string(10'000 + i)] = "";
  fill(*store, 500, 100, [&](persistence::Group& group, int i) {
    ledger::NewAccount account;
    account.id = numbered("a", i);
    account.metadata = metadata;
    group.add(account);
  });
  RunningLedger ledger(ledger_settings(), store);
  wire::ListAccountsRequest request;
  request.set_limit(1'000);
  CHECK(told(ledger.client.ask(&AdminStub::ListAccounts, request)) == kTooLarge);
  request.set_limit(400);
  const auto fits = ledger.client.ask(&AdminStub::ListAccounts, request);
  CHECK(told(fits) == "OK");
  CHECK(fits.body.ByteSizeLong() > kMaxBytes * 3 / 4);
}

TEST_CASE("Large transactions are listed in small numbers, and each is found by its id") {
  RunningLedger ledger;
  auto& client = ledger.client;
  const auto ids = make_large_transactions(client, 16);
  CHECK(told(client.transactions({}, 1'000)) == kTooLarge);
  CHECK(told(client.transactions({}, 0)) == kTooLarge);
  CHECK(told(client.transactions(std::string(256, 'x'), 0)) == kTooLarge);
  const auto page = client.transactions({}, 10);
  CHECK(told(page) == "OK");
  CHECK(page.body.transactions_size() == 10);
  const auto one = client.transaction(ids.front());
  CHECK(told(one) == "OK");
  CHECK(one.body.entries_size() == 4'096);
}

TEST_CASE("A balance sheet that would pass 16 MiB is refused, but not its totals by type") {
  const auto store = memory_store();
  constexpr int kParticipants = 66'000;
  fill(*store, kParticipants, 1'000, [&](persistence::Group& group, int i) {
    ledger::NewAccount account;
    account.participant_id = numbered(std::string(240, 'p'), i);
    account.type = i % 2 == 0 ? ledger::AccountType::fees : ledger::AccountType::usage;
    account.id = ledger::participant_account_id(account.participant_id, account.type);
    account.initial_balance = 3;
    group.add(account);
  });
  RunningLedger ledger(ledger_settings(), store);
  wire::GetBalanceSheetRequest request;
  const auto all = ledger.client.ask(&AdminStub::GetBalanceSheet, request);
  CHECK(told(all) == kTooLarge);
  CHECK(all.status.error_message().find("by_type") != std::string::npos);
  request.set_by_type(true);
  const auto totals = ledger.client.ask(&AdminStub::GetBalanceSheet, request);
  REQUIRE(told(totals) == "OK");
  REQUIRE(totals.body.lines_size() == 2);
  CHECK(totals.body.lines(0).account_type() == wire::FEES);
  CHECK(totals.body.lines(0).participant_id().empty());
  CHECK(totals.body.lines(0).accounts() == kParticipants / 2);
  CHECK(totals.body.lines(1).total() == std::to_string(kParticipants / 2 * 3));
  CHECK(totals.body.total() == totals.body.sum_of_postings());
}

TEST_CASE("Pages end before they pass page_bytes, with one row at least, and lose nothing") {
  const auto store = memory_store();
  constexpr int kRows = 60;
  add_participants(*store, kRows, 1'000);
  add_accounts(*store, kRows, 1'000);
  RunningLedger ledger(ledger_settings(), store);
  auto& client = ledger.client;
  // One row a page; some; all at once.
  const std::int32_t page_bytes = GENERATE(1, 1'000, 5'000, 20'000, 16 << 20);
  CAPTURE(page_bytes);

  wire::ListParticipantsRequest participants;
  participants.set_page_bytes(page_bytes);
  const auto of_participants = [](const auto& page) { return page.participants(); };
  CHECK(pages_of(client, &ParticipantStub::ListParticipants, participants, of_participants) ==
        numbered_ids("p", kRows));
  wire::ListAccountsRequest accounts;
  accounts.set_page_bytes(page_bytes);
  accounts.set_limit(1'000);
  CHECK(pages_of(client, &AdminStub::ListAccounts, accounts,
                 [](const auto& page) { return page.accounts(); }) == numbered_ids("a", kRows));
}

TEST_CASE("A page ends where its limit or its bytes end it, whichever comes first") {
  const auto store = memory_store();
  add_participants(*store, 20, 1'000);
  RunningLedger ledger(ledger_settings(), store);
  const auto rows = [&](std::int32_t limit, std::int32_t page_bytes) {
    wire::ListParticipantsRequest request;
    request.set_limit(limit);
    request.set_page_bytes(page_bytes);
    const auto page = ledger.client.ask(&ParticipantStub::ListParticipants, request);
    REQUIRE(told(page) == "OK");
    CHECK(page.body.next_page_token().empty() == (page.body.participants_size() == 20));
    return page.body.participants_size();
  };
  CHECK(rows(3, 10'000) == 3);
  CHECK(rows(19, 10'000) == 9);
  CHECK(rows(20, 10'000) == 9);
  CHECK(rows(20, 100'000) == 20);
  CHECK(rows(0, 100'000) == 20);
  CHECK(rows(0, 0) == 20);
}

TEST_CASE("Pages of transactions and of a participant's accounts end by their bytes, too") {
  RunningLedger ledger;
  auto& client = ledger.client;
  const auto ids = make_large_transactions(client, 5);
  REQUIRE(told(client.create_participant("seb")) == "OK");
  std::vector<std::string> accounts;
  for (const auto& [type, name] : {std::pair{wire::OPERATING, "operating"},
                                   {wire::RECEIVABLES, "receivables"},
                                   {wire::FEES, "fees"}}) {
    REQUIRE(told(client.create_account_of("seb", type, 1)) == "OK");
    accounts.push_back(std::string("seb:") + name);
  }
  for (const std::int32_t page_bytes : {1, 2'500'000, 16 << 20}) {
    CAPTURE(page_bytes);
    wire::ListTransactionsRequest request;
    request.set_page_bytes(page_bytes);
    const auto rows = [](const auto& page) { return page.transactions(); };
    CHECK(pages_of(client, &LedgerStub::ListTransactions, request, rows) == ids);
    request.set_account_id(std::string(256, 'x'));
    CHECK(pages_of(client, &LedgerStub::ListTransactions, request, rows) == ids);
  }
  for (const std::int32_t page_bytes : {1, 450, 10'000}) {
    CAPTURE(page_bytes);
    wire::GetParticipantAccountsRequest request;
    request.set_participant_id("seb");
    request.set_page_bytes(page_bytes);
    CHECK(pages_of(client, &ParticipantStub::GetParticipantAccounts, request,
                   [](const auto& page) { return page.accounts(); }) == accounts);
  }
}

TEST_CASE("A message that is larger than an answer may be becomes an error") {
  wire::ListParticipantsResponse response;
  auto& participant = *response.add_participants();
  const std::size_t overhead = 2 * 5;  // two tags with their lengths
  participant.set_name(std::string(kMaxBytes - overhead, 'n'));
  REQUIRE(response.ByteSizeLong() == kMaxBytes);
  const auto fits = actors::to_answer(response);
  REQUIRE(fits);
  CHECK(fits->Length() == kMaxBytes);
  participant.mutable_name()->push_back('n');
  const auto passes = actors::to_answer(response);
  REQUIRE_FALSE(passes);
  CHECK(passes.error().reason == ledger::Reason::result_too_large);
}
