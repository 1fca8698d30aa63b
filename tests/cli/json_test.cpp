#include "cli/output/json.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <memory>

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
  account.set_status(wire::OPEN);
  account.set_credits_frozen(true);
  account.set_available(7);
  (*account.mutable_metadata())["b"] = "2";
  (*account.mutable_metadata())["a"] = "1";
  CHECK(line(to_json(account)) ==
        R"({"id":"seb:fees","participant_id":"seb","account_type":"FEES",)"
        R"("balance":"9223372036854775807","created_at":"0","metadata":{"a":"1","b":"2"},)"
        R"("floor":"-9223372036854775808","ceiling":null,"status":"OPEN","debits_frozen":false,)"
        R"("credits_frozen":true,"available":"7","sequence":"0"})"
        "\n");
}

TEST_CASE("empty lists and maps stand there, an optional field that is not set is null") {
  CHECK(line(to_json(wire::ListAccountsResponse())) ==
        "{\"accounts\":[],\"next_page_token\":\"\"}\n");
  wire::TreeNode node;
  CHECK(to_json(node)["mailbox_depth"].is_null());
  node.set_mailbox_depth(0);
  node.add_children()->set_id("journal");
  CHECK(to_json(node)["mailbox_depth"] == "0");
  CHECK(to_json(node)["children"][0]["id"] == "journal");
  CHECK(to_json(wire::GetTreeResponse())["root"].is_null());
}

namespace {

// Sets every integer of a message, and of the messages in it, to 2^53 + 1 if it has 64 bits.
void fill(google::protobuf::Message& message, int depth) {
  using google::protobuf::FieldDescriptor;
  constexpr std::int64_t kBeyondDoubles = (1LL << 53) + 1;
  const auto& type = *message.GetDescriptor();
  const auto& reflection = *message.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
      field.is_repeated() ? reflection.AddInt64(&message, &field, kBeyondDoubles)
                          : reflection.SetInt64(&message, &field, kBeyondDoubles);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64) {
      field.is_repeated() ? reflection.AddUInt64(&message, &field, kBeyondDoubles)
                          : reflection.SetUInt64(&message, &field, kBeyondDoubles);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field.is_map() &&
               depth < 3) {
      fill(field.is_repeated() ? *reflection.AddMessage(&message, &field)
                               : *reflection.MutableMessage(&message, &field),
           depth + 1);
    }
  }
}

}  // namespace

TEST_CASE("no 64-bit integer of any message of the wire is a JSON number") {
  const auto& file = *wire::Account::descriptor()->file();
  for (int i = 0; i < file.message_type_count(); ++i) {
    const auto& type = *file.message_type(i);
    CAPTURE(type.name());
    const std::unique_ptr<google::protobuf::Message> message(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
    fill(*message, 0);
    const std::string text = line(to_json(*message));
    for (std::size_t at = text.find("9007199254740993"); at != std::string::npos;
         at = text.find("9007199254740993", at + 1)) {
      CHECK(text[at - 1] == '"');
    }
    CHECK(text.find("9007199254740992") == std::string::npos);
  }
}

TEST_CASE("text that needs it is escaped") {
  wire::Participant participant;
  participant.set_name("quote \" newline \n å");
  const auto read_back = nlohmann::json::parse(line(to_json(participant)));
  CHECK(read_back["name"] == participant.name());
  CHECK(line(Json("\xff")) == "\"\xEF\xBF\xBD\"\n");
}
