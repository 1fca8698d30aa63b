#include "cli/json.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "proto/ledger.pb.h"

using namespace sg::cli;
namespace wire = scalegraph::ledger;

TEST_CASE("a message has all its fields, named as in the proto, in its order") {
  wire::Account account;
  account.set_id("seb:fees");
  account.set_participant_id("seb");
  account.set_account_type(wire::FEES);
  account.set_balance(std::numeric_limits<std::int64_t>::max());
  account.set_floor(std::numeric_limits<std::int64_t>::min());
  (*account.mutable_metadata())["b"] = "2";
  (*account.mutable_metadata())["a"] = "1";
  CHECK(line(to_json(account)) ==
        R"({"id":"seb:fees","participant_id":"seb","account_type":"FEES",)"
        R"("balance":9223372036854775807,"created_at":0,"metadata":{"a":"1","b":"2"},)"
        R"("floor":-9223372036854775808})"
        "\n");
}

TEST_CASE("empty lists and maps stand there, an optional field that is not set is null") {
  CHECK(line(to_json(wire::ListAccountsResponse())) ==
        "{\"accounts\":[],\"next_page_token\":\"\"}\n");
  wire::TreeNode node;
  CHECK(to_json(node)["mailbox_depth"].is_null());
  node.set_mailbox_depth(0);
  node.add_children()->set_id("journal");
  CHECK(to_json(node)["mailbox_depth"] == 0);
  CHECK(to_json(node)["children"][0]["id"] == "journal");
  CHECK(to_json(wire::GetTreeResponse())["root"].is_null());
}

TEST_CASE("text that needs it is escaped") {
  wire::Participant participant;
  participant.set_name("quote \" newline \n å");
  const auto read_back = nlohmann::json::parse(line(to_json(participant)));
  CHECK(read_back["name"] == participant.name());
  CHECK(line(Json("\xff")) == "\"\xEF\xBF\xBD\"\n");
}
