#include "cli/output/render.hpp"

#include <catch2/catch.hpp>

#include "cli/output/render_admin.hpp"

using namespace sg::cli;
namespace wire = scalegraph::ledger;

TEST_CASE("a transaction in a list shows its first entries and how many more there are") {
  wire::Transaction transaction;
  for (const int amount : {-1000, 970, 30}) {
    auto& entry = *transaction.add_entries();
    entry.set_account_id("a" + std::to_string(transaction.entries_size()));
    entry.set_amount(amount);
  }
  CHECK(entries_text(transaction, 4) == "a1=-1000 a2=+970 a3=+30");
  CHECK(entries_text(transaction, 3) == "a1=-1000 a2=+970 a3=+30");
  CHECK(entries_text(transaction, 1) == "a1=-1000 and 2 more");
}

TEST_CASE("an account shows what it has and leaves out what it has not") {
  wire::Account account;
  account.set_id("alice");
  account.set_account_type(wire::STANDALONE);
  account.set_balance(-5);
  account.set_floor(-10);
  CHECK(render_account(account, false) ==
        "id       alice\n"
        "type     STANDALONE\n"
        "balance  -5\n"
        "floor    -10\n"
        "created  1970-01-01T00:00:00.000Z\n");
  account.set_participant_id("seb");
  (*account.mutable_metadata())["b"] = "2";
  (*account.mutable_metadata())["a"] = "1";
  CHECK(render_account(account, false).find("metadata     a=1, b=2\n") != std::string::npos);
}

TEST_CASE("a role or type of a newer ledger shows its number") {
  CHECK(name_of(wire::SUPPLIER) == "SUPPLIER");
  CHECK(name_of(static_cast<wire::ParticipantRole>(99)) == "99");
  CHECK(name_of(static_cast<wire::AccountType>(99)) == "99");
}

TEST_CASE("empty lists say so") {
  CHECK(render_participants({}, false) == "no participants\n");
  CHECK(render_accounts({}, false) == "no accounts\n");
  CHECK(render_transactions({}, {}, false) == "no transactions\n");
}

TEST_CASE("the supervision tree is drawn as a tree") {
  wire::GetTreeResponse tree;
  auto& root = *tree.mutable_root();
  root.set_id("root");
  root.set_state("running");
  auto& shards = *root.add_children();
  shards.set_id("shards");
  shards.add_children()->set_id("shard/0");
  shards.add_children()->set_id("shard/1");
  auto& gateway = *root.add_children();
  gateway.set_id("gateway");
  gateway.set_mailbox_depth(7);
  CHECK(render_tree(tree, false) ==
        "ACTOR            TYPE  STATE    STARTS  RESTARTS  UPTIME  MAILBOX  LAST EXIT\n"
        "root                   running       0         0      0s        -\n"
        "├── shards                           0         0      0s        -\n"
        "│   ├── shard/0                      0         0      0s        -\n"
        "│   └── shard/1                      0         0      0s        -\n"
        "└── gateway                          0         0      0s        7\n");
}

TEST_CASE("a verification is sound only when done, without problems and with equal sums") {
  wire::VerifyResponse last;
  last.set_sum_of_balances("5");
  last.set_sum_of_postings("5");
  CHECK_FALSE(sound(last));
  last.set_done(true);
  CHECK(sound(last));
  CHECK_THAT(render_verification(last, false), Catch::EndsWith("chain and balances agree\n"));
  last.add_problems("block 7: bad checksum");
  CHECK_FALSE(sound(last));
  CHECK_THAT(render_verification(last, false),
             Catch::EndsWith("problem: block 7: bad checksum\nNOT SOUND\n"));
  last.clear_problems();
  last.set_sum_of_postings("6");
  CHECK_FALSE(sound(last));
  CHECK_THAT(render_verification(last, false), Catch::Contains("do not add up"));
}

TEST_CASE("progress of a verification is told with what is known of the end") {
  wire::VerifyResponse progress;
  progress.set_records(1200);
  CHECK(progress_text(progress) == "1200 records");
  progress.set_records_total(5000);
  CHECK(progress_text(progress) == "1200 of 5000 records, 24 %");
}

TEST_CASE("a balance sheet that does not add up says so") {
  wire::GetBalanceSheetResponse sheet;
  auto& line = *sheet.add_lines();
  line.set_participant_id("seb");
  line.set_account_type(wire::FEES);
  line.set_accounts(2);
  line.set_total("170141183460469231731687303715884105727");
  sheet.set_total("5");
  sheet.set_sum_of_postings("5");
  CHECK(render_balance_sheet(sheet, false) ==
        "PARTICIPANT  TYPE  ACCOUNTS                                    TOTAL\n"
        "seb          FEES         2  170141183460469231731687303715884105727\n\n"
        "total            5\n"
        "sum of postings  5\n"
        "transactions     0\n");
  sheet.set_sum_of_postings("4");
  CHECK_THAT(render_balance_sheet(sheet, false), Catch::Contains("NOT SOUND"));
}
