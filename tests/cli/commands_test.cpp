// Whole command lines against a ledger in memory: what is printed where, and the exit codes.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "ctl.hpp"

using namespace sg::cli;
using Catch::Contains;
using Catch::StartsWith;
using testing::Ctl;
using testing::dead_address;
using testing::Printed;
using testing::scalegraphctl;

TEST_CASE("participants are created, shown and listed page by page") {
  Ctl ctl;
  const auto created = ctl({"participant", "create", "seb", "--name", "SEB", "--role",
                            "banking_partner", "--metadata", "country=SE"});
  CHECK(created.exit_code == 0);
  CHECK(created.out ==
        "id        seb\nname      SEB\nrole      BANKING_PARTNER\n"
        "created   2024-05-01T10:00:00.123Z\nmetadata  country=SE\n");
  for (const char* id : {"p1", "p2", "p3"}) {
    ctl.json({"participant", "create", id, "--name", "P", "--role", "SUPPLIER"});
  }
  CHECK(ctl.json({"participant", "list"})["participants"].size() == 4);
  CHECK(ctl.json({"participant", "list", "--role", "supplier"})["participants"].size() == 3);
  CHECK(ctl.json({"participant", "get", "seb"})["metadata"]["country"] == "SE");
  CHECK_THAT(ctl({"participant", "list"}).out, StartsWith("ID   NAME  ROLE"));
  const auto again = ctl({"participant", "create", "seb", "--name", "SEB", "--role", "supplier"});
  CHECK(again.exit_code == 1);
  CHECK_THAT(again.err, StartsWith("error: PARTICIPANT_EXISTS: participant seb exists"));
}

TEST_CASE("accounts are created of both kinds, shown and listed page by page") {
  Ctl ctl;
  ctl.json({"participant", "create", "seb", "--name", "SEB", "--role", "supplier"});
  const auto fees = ctl.json({"account", "create", "--participant", "seb", "--type", "Fees"});
  CHECK(fees["id"] == "seb:fees");
  CHECK(fees["account_type"] == "FEES");
  CHECK(ctl.json({"account", "create", "--participant", "seb"})["id"] == "seb:operating");
  const auto alice = ctl.json({"account", "create", "alice", "--balance", "10", "--floor", "-5",
                               "--metadata", "a=1", "--metadata", "b=2"});
  CHECK(alice["balance"] == "10");
  CHECK(alice["floor"] == "-5");
  CHECK(alice["metadata"] == nlohmann::json{{"a", "1"}, {"b", "2"}});
  CHECK(ctl.json({"account", "list"})["accounts"].size() == 3);
  CHECK(ctl.json({"account", "list", "seb"})["accounts"].size() == 2);
  CHECK(ctl.json({"account", "get", "alice"})["account_type"] == "STANDALONE");
  CHECK(ctl.json({"account", "balance", "alice"}) ==
        nlohmann::json{
            {"account_id", "alice"}, {"balance", "10"}, {"available", "0"}, {"sequence", "0"}});
  CHECK(ctl({"account", "balance", "alice"}).out == "ACCOUNT  BALANCE\nalice         10\n");
}

TEST_CASE("an account may have the name of a command") {
  Ctl ctl;
  ctl.json({"account", "create", "tree"});
  CHECK(ctl.json({"account", "get", "tree"})["id"] == "tree");
  CHECK(ctl({"account", "create", "--", "-x"}).exit_code == 0);
  CHECK(ctl({"account", "get", "--json", "--", "-x"}).exit_code == 0);
}

TEST_CASE("money moves, and a retry with the key has one effect") {
  Ctl ctl;
  ctl.json({"account", "create", "payer", "--balance", "1000"});
  ctl.json({"account", "create", "a=b"});
  const std::vector<std::string> transfer = {"transfer",  "payer=-30", "a=b=+30", "--reference",
                                             "invoice 7", "--key",     "k1"};
  const auto first = ctl.json(transfer);
  CHECK(first["entries"][1] == nlohmann::json{{"account_id", "a=b"}, {"amount", "30"}});
  CHECK(first["reference"] == "invoice 7");
  CHECK(ctl.json(transfer)["id"] == first["id"]);
  CHECK(ctl.json({"account", "balance", "a=b"})["balance"] == "30");
  CHECK(ctl.json({"credit", "payer", "5"})["type"] == "credit");
  CHECK(ctl.json({"debit", "payer", "75", "--key", "k2"})["entries"][0]["amount"] == "-75");
  CHECK(ctl.json({"account", "balance", "payer"})["balance"] == "900");
  CHECK(ctl({"tx", "get", "tx-1"}).out ==
        "id         tx-1\ntype       transfer\ntime       2024-05-01T10:00:00.123Z\n"
        "reference  invoice 7\n\nACCOUNT  AMOUNT\npayer       -30\na=b         +30\n");
}

TEST_CASE("history is listed over several pages up to the limit") {
  Ctl ctl;
  ctl.json({"account", "create", "a"});
  for (int i = 0; i < 5; ++i) ctl.json({"credit", "a", "1"});
  const auto all = ctl.json({"tx", "list"});
  REQUIRE(all["transactions"].size() == 5);
  CHECK(all["transactions"][0]["id"] == "tx-5");
  CHECK(all["next_page_token"] == "");
  const auto three = ctl.json({"tx", "list", "--limit", "3"});
  CHECK(three["transactions"].size() == 3);
  const auto rest = ctl.json({"tx", "list", "--page-token", three["next_page_token"]});
  CHECK(rest["transactions"].size() == 2);
  CHECK_THAT(ctl({"tx", "list", "--limit", "1"}).out, Contains("more with --page-token 1\n"));
  ctl.json({"tx", "list", "--account", "a", "--from", "2024-05-01", "--to", "1714557600123"});
  const auto& sent = ctl.ledger.state().last_list;
  CHECK(sent.account_id() == "a");
  CHECK(sent.from() == 1'714'521'600'000);
  CHECK(sent.to() == 1'714'557'600'123);
  CHECK(sent.limit() == 46);  // 50, less the two pages of two before it
  CHECK(sent.page_bytes() > 0);
}

TEST_CASE("a refusal goes to stderr with exit code 1, as text or JSON") {
  Ctl ctl;
  ctl.json({"account", "create", "poor", "--balance", "5"});
  const auto text = ctl({"debit", "poor", "6"});
  CHECK(text.exit_code == 1);
  CHECK(text.out.empty());
  CHECK(text.err ==
        "error: INSUFFICIENT_FUNDS: account poor: balance 5 does not cover 6 (account_id=poor, "
        "amount=-6, balance=5)\n");
  const auto json = ctl({"--json", "debit", "poor", "6"});
  CHECK(json.exit_code == 1);
  CHECK(json.out.empty());
  const auto error = nlohmann::json::parse(json.err)["error"];
  CHECK(error["reason"] == "INSUFFICIENT_FUNDS");
  CHECK(error["metadata"]["balance"] == "5");
  CHECK(ctl({"credit", "poor", "-5"}).exit_code == 1);  // a negative number is no option
  CHECK(ctl({"account", "get", "nobody"}).exit_code == 1);
  CHECK(ctl({"tx", "get", "nothing"}).exit_code == 1);
}

TEST_CASE("an unknown outcome tells how to learn it") {
  Ctl ctl;
  const auto lost = ctl({"credit", "lost", "1", "--key", "k9"});
  CHECK(lost.exit_code == 1);
  CHECK_THAT(lost.err, Contains("JOURNAL_UNAVAILABLE") && Contains("retry with the same --key k9"));
  const auto cut = ctl({"credit", "cut", "1"});
  CHECK(cut.exit_code == 3);
  CHECK_THAT(cut.err, Contains("no --key"));
  const auto slow = ctl({"credit", "slow", "1", "--timeout", "0.05", "--key", "k9"});
  CHECK(slow.exit_code == 3);
  CHECK_THAT(slow.err, Contains("DEADLINE_EXCEEDED") && Contains("--key k9"));
}

TEST_CASE("a server that is not there is exit code 3 for every command") {
  const std::string address = dead_address();
  const auto command = GENERATE(values<std::vector<std::string>>({
      {"participant", "get", "a"},
      {"participant", "list"},
      {"account", "list"},
      {"account", "list", "p"},
      {"credit", "a", "1"},
      {"tx", "list"},
      {"tree"},
      {"verify"},
      {"balance-sheet"},
      {"import", FIXTURES "/sample.yaml"},
  }));
  auto arguments = command;
  arguments.insert(arguments.end(), {"--server", address});
  const auto printed = scalegraphctl(arguments);
  CHECK(printed.exit_code == 3);
  CHECK_THAT(printed.err, StartsWith("error: UNREACHABLE: no server answers at " + address));
}

TEST_CASE("help and version go to stdout with exit code 0") {
  CHECK_THAT(scalegraphctl({"--version"}).out, StartsWith("scalegraphctl "));
  CHECK_THAT(scalegraphctl({"--help"}).out, Contains("balance-sheet") && Contains("Exit codes"));
  CHECK_THAT(scalegraphctl({"import", "--help"}).out, Contains("role: banking_partner"));
  CHECK(scalegraphctl({"account", "create", "--help"}).exit_code == 0);
}

TEST_CASE("the environment names the server, and --server wins over it") {
  Ctl ctl;
  ctl.json({"account", "create", "alice"});
  setenv("SCALEGRAPH_SERVER", ctl.ledger.address().c_str(), 1);
  CHECK(scalegraphctl({"account", "get", "alice"}).exit_code == 0);
  CHECK(scalegraphctl({"account", "get", "alice", "--server", dead_address()}).exit_code == 3);
  setenv("SCALEGRAPH_SERVER", "nowhere", 1);
  CHECK(scalegraphctl({"account", "get", "alice"}).exit_code == 2);
  setenv("SCALEGRAPH_SERVER", "", 1);
  const auto empty = scalegraphctl({"account", "get", "alice"});
  CHECK(empty.exit_code == 2);
  CHECK_THAT(empty.err, Contains("SCALEGRAPH_SERVER is empty: unset it"));
  CHECK(ctl({"account", "get", "alice"}).exit_code == 0);
  unsetenv("SCALEGRAPH_SERVER");
}

TEST_CASE("operators see the tree, a verification and the balance sheet") {
  Ctl ctl;
  CHECK_THAT(ctl({"tree"}).out, Contains("└── journal  worker      running       2         1"
                                         "   1m 1s        3  disk full"));
  CHECK(ctl.json({"tree"})["root"]["children"][0]["mailbox_depth"] == "3");
  CHECK_THAT(ctl({"verify"}).out, Contains("chain and balances agree"));
  CHECK(ctl.json({"verify"})["done"] == true);
  CHECK(ctl.json({"balance-sheet"})["lines"][0]["total"] == "1000");
  CHECK_THAT(ctl({"balance-sheet"}).out, Contains("STANDALONE         2   1000"));
  CHECK_THAT(ctl({"balance-sheet", "--by-type"}).out, Contains("STANDALONE         3   1000"));
  CHECK(ctl({"verify"}).err.empty());  // progress is for terminals
}

TEST_CASE("a watched tree is shown again until the server is away") {
  Ctl ctl;
  for (const bool is_terminal : {false, true}) {
    ctl.ledger.state().trees = 2;
    std::ostringstream out;
    std::ostringstream err;
    Console console{.out = out, .err = err, .cursor_out = is_terminal};
    CHECK(run({"--server", ctl.ledger.address(), "tree", "--watch", "0.1"}, console) == 3);
    const auto shown = out.str();
    CHECK(shown.find("journal") != shown.rfind("journal"));
    CHECK((shown.find("\033[H") != std::string::npos) == is_terminal);
  }
  ctl.ledger.state().trees = -1;
  CHECK(ctl({"tree", "--watch", "0"}).exit_code == 2);
}

TEST_CASE("a ledger that is not sound is exit code 1") {
  Ctl ctl;
  ctl.ledger.state().problems = {"account alice: balance 5, postings 6"};
  const auto problem = ctl({"verify"});
  CHECK(problem.exit_code == 1);
  CHECK_THAT(problem.out, Contains("problem: account alice: balance 5, postings 6"));
  ctl.ledger.state().problems.clear();
  ctl.ledger.state().sum_of_postings = "999";
  CHECK(ctl({"verify"}).exit_code == 1);
  CHECK(ctl({"balance-sheet"}).exit_code == 1);
}

TEST_CASE("a terminal sees progress, which is wiped at the end") {
  Ctl ctl;
  std::ostringstream out;
  std::ostringstream err;
  Console console{.out = out, .err = err, .cursor_err = true};
  CHECK(run({"--server", ctl.ledger.address(), "verify"}, console) == kDone);
  CHECK_THAT(err.str(), Contains("verifying: 3 of 12 records, 25 %"));
  CHECK_THAT(err.str(), Catch::EndsWith("\r\033[K"));
}

TEST_CASE("an import ends with a table, and tells differences from failures") {
  Ctl ctl;
  const std::string sample = FIXTURES "/sample.yaml";
  const auto first = ctl({"import", sample});
  CHECK(first.exit_code == 0);
  CHECK(first.out ==
        "              CREATED  ALREADY THERE  FAILED  NOT TRIED\n"
        "participants        2              0       0          0\n"
        "accounts            5              0       0          0\n");
  CHECK(ctl.json({"import", sample})["accounts"]["already_there"] == "5");
  ctl.ledger.state().accounts["alice"].set_floor(-7);
  const auto differs = ctl({"import", sample});
  CHECK(differs.exit_code == 1);
  CHECK(differs.err == "warning: account alice: floor is -7, the file says 0\n");
}

TEST_CASE("an import of a broken file is bad usage and creates nothing") {
  Ctl ctl;
  const auto printed = ctl({"import", FIXTURES "/broken.yaml"});
  CHECK(printed.exit_code == 2);
  CHECK_THAT(printed.err, Contains("broken.yaml:5: unknown key \"colour\""));
  CHECK(ctl.ledger.state().participants.empty());
}
