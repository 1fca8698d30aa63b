#include "cli/session/arguments.hpp"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <limits>

using namespace sg::cli;
namespace wire = scalegraph::ledger;

TEST_CASE("amounts are whole decimal numbers with an optional sign") {
  const auto [text, amount] = GENERATE(table<std::string, std::int64_t>({
      {"0", 0},
      {"1000", 1000},
      {"+970", 970},
      {"-1000", -1000},
      {"010", 10},  // not octal
      {"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
      {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
  }));
  CHECK(parse_amount(text).value() == amount);
}

TEST_CASE("anything else is no amount") {
  const auto text =
      GENERATE(as<std::string>{}, "", "+", "-", "+-5", "--5", "1.0", "1e3", "0x10", "1,000",
               "1_000", " 1", "1 ", "ten", "9223372036854775808", "-9223372036854775809");
  CAPTURE(text);
  CHECK_FALSE(parse_amount(text));
}

TEST_CASE("an amount beyond 64 bits is named as such") {
  CHECK(parse_amount("9223372036854775808").error().find("range") != std::string::npos);
}

TEST_CASE("an entry splits at its last equals sign") {
  const auto [text, account, amount] = GENERATE(table<std::string, std::string, std::int64_t>({
      {"alice=-1000", "alice", -1000},
      {"shop=+970", "shop", 970},
      {"seb:fees=30", "seb:fees", 30},
      {"a=b=5", "a=b", 5},
      {"==1", "=", 1},
      {"-dash=1", "-dash", 1},
  }));
  const auto entry = parse_entry(text);
  REQUIRE(entry);
  CHECK(entry->account_id() == account);
  CHECK(entry->amount() == amount);
}

TEST_CASE("an entry without account or amount is refused with an example") {
  const auto text =
      GENERATE(as<std::string>{}, "", "alice", "=5", "alice=", "alice=x", "alice=1.5");
  CAPTURE(text);
  CHECK_FALSE(parse_entry(text));
}

TEST_CASE("every entry that can be written is read back") {
  CHECK(rc::check([](const std::string& account, std::int64_t amount) {
    RC_PRE(!account.empty());
    const auto entry = parse_entry(account + "=" + std::to_string(amount));
    RC_ASSERT(entry->account_id() == account);
    RC_ASSERT(entry->amount() == amount);
  }));
}

TEST_CASE("metadata splits at its first equals sign, and repeats no key") {
  const auto metadata = parse_metadata({"country=SE", "formula=a=b", "empty="});
  REQUIRE(metadata);
  CHECK(*metadata ==
        std::map<std::string, std::string>{{"country", "SE"}, {"formula", "a=b"}, {"empty", ""}});
  CHECK_FALSE(parse_metadata({"novalue"}));
  CHECK_FALSE(parse_metadata({"=x"}));
  CHECK(parse_metadata({"a=1", "a=2"}).error() == "metadata \"a\" is given twice");
}

TEST_CASE("roles and account types are read in any case, with dashes too") {
  CHECK(parse_role("supplier").value() == wire::SUPPLIER);
  CHECK(parse_role("SUPPLIER").value() == wire::SUPPLIER);
  CHECK(parse_role("access-provider").value() == wire::ACCESS_PROVIDER);
  CHECK(parse_account_type("Fees").value() == wire::FEES);
}

TEST_CASE("an unknown role or type lists the valid ones, the unspecified one is none of them") {
  const auto role = GENERATE(as<std::string>{}, "", "bank", "participant_role_unspecified", "0");
  CAPTURE(role);
  CHECK(parse_role(role).error() ==
        "unknown role \"" + role +
            "\"; valid: ACCESS_PROVIDER, BANKING_PARTNER, ECOSYSTEM_PARTNER, SUPPLIER, "
            "EQUIPMENT_PROVIDER");
  CHECK(parse_account_type("checking").error() ==
        "unknown account type \"checking\"; valid: STANDALONE, OPERATING, RECEIVABLES, PAYABLES, "
        "ESCROW, FEES, USAGE");
}

TEST_CASE("several servers have commas between them, and each is one") {
  const std::string three = "127.0.0.1:1,localhost:2,[::1]:3";
  CHECK(parse_servers(three).value() == three);
  CHECK(split_servers(three) == std::vector<std::string>{"127.0.0.1:1", "localhost:2", "[::1]:3"});
  CHECK(parse_servers("unix:/run/sg.sock").value() == "unix:/run/sg.sock");
  for (const char* bad :
       {"", ",", "a:1,", ",a:1", "a:1,,b:2", "a:1,b", "a:1,unix:/x", "a:1 ,b:2"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_servers(bad));
  }
}

TEST_CASE("a server is a host and a port, or a socket") {
  for (const char* good :
       {"127.0.0.1:50051", "localhost:1", "[::1]:50051", "[fe80::1%eth0]:1", "unix:/run/sg.sock"}) {
    CHECK(parse_server(good).value() == good);
  }
  for (const char* bad : {"", "localhost", ":50051", "host:", "host:0", "host:65536", "host:12x",
                          "::1:50051", "unix:", "[]:1", "[host]:1", "[::1:1", "a b:1"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_server(bad));
  }
}

TEST_CASE("a count starts at one") {
  CHECK(parse_count("50").value() == 50);
  for (const char* bad : {"", "0", "-1", "1.5", "99999999999"}) CHECK_FALSE(parse_count(bad));
}
