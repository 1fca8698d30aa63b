// The argument checks of creations, and the ids of participants' accounts.
#include "ledger/account.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace sg::ledger {
namespace {

const std::string kLong(257, 'x');

template <class Request>
struct Row {
  std::string title;
  std::function<void(Request&)> change;
  std::optional<Reason> reason;
  std::string field;
};

template <class Request>
void check_rows(const Request& good, const std::vector<Row<Request>>& rows) {
  REQUIRE_FALSE(check(good));
  for (const auto& row : rows) {
    INFO(row.title);
    auto request = good;
    row.change(request);
    const auto error = check(request);
    REQUIRE(error.has_value() == row.reason.has_value());
    if (!error) continue;
    CHECK(error->reason == *row.reason);
    CHECK(error->metadata == decltype(error->metadata){{"field", row.field}});
    CHECK(error->outcome == Outcome::none);
  }
}

TEST_CASE("A participant's arguments are checked in the order of its fields", "[ledger][account]") {
  NewParticipant good;
  good.id = "seb";
  good.name = "SEB";
  good.role = ParticipantRole::banking_partner;
  using P = NewParticipant;
  check_rows<P>(
      good,
      {
          {"no name", [](P& p) { p.name.clear(); }, {}, ""},
          {"1 KiB of name", [](P& p) { p.name.assign(1024, 'n'); }, {}, ""},
          {"16 KiB of metadata", [](P& p) { p.metadata["k"].assign(16 * 1024 - 1, 'v'); }, {}, ""},
          {"empty id", [](P& p) { p = {}; }, Reason::id_empty, "id"},
          {"long id", [](P& p) { p.id = kLong; }, Reason::id_too_long, "id"},
          {"control", [](P& p) { p.id = "a\n"; }, Reason::id_control_character, "id"},
          {"not UTF-8", [](P& p) { p.id = "\xFF"; }, Reason::not_utf8, "id"},
          {"long name before role",
           [](P& p) {
             p.name.assign(1025, 'n');
             p.role = ParticipantRole::unspecified;
           },
           Reason::name_too_long, "name"},
          {"name not UTF-8", [](P& p) { p.name = "\xFF"; }, Reason::not_utf8, "name"},
          {"role before metadata",
           [](P& p) {
             p.role = ParticipantRole::unspecified;
             p.metadata["k"] = "\xFF";
           },
           Reason::role_unspecified, "role"},
          {"metadata key", [](P& p) { p.metadata["\xFF"]; }, Reason::not_utf8, "metadata"},
          {"metadata value", [](P& p) { p.metadata["k"] = "\xFF"; }, Reason::not_utf8, "metadata"},
          {"metadata", [](P& p) { p.metadata["k"].assign(16 * 1024, 'v'); },
           Reason::metadata_too_large, "metadata"},
      });
}

TEST_CASE("An unspecified role lists the valid ones", "[ledger][account]") {
  NewParticipant participant;
  participant.id = "seb";
  const auto error = check(participant);
  REQUIRE(error);
  for (const auto* role : {"ACCESS_PROVIDER", "BANKING_PARTNER", "ECOSYSTEM_PARTNER", "SUPPLIER",
                           "EQUIPMENT_PROVIDER"}) {
    CHECK(error->message.find(role) != std::string::npos);
  }
}

TEST_CASE("An account's arguments are checked in the order of its fields", "[ledger][account]") {
  NewAccount good;
  good.id = "alice";
  using A = NewAccount;
  constexpr auto kMin = std::numeric_limits<Amount>::min();
  check_rows<A>(
      good,
      {
          {"overdraft line", [](A& a) { a.floor = kMin; }, {}, ""},
          {"floor at the balance", [](A& a) { a.initial_balance = a.floor = 7; }, {}, ""},
          {"empty id", [](A& a) { a.id.clear(); }, Reason::id_empty, "account_id"},
          {"long id", [](A& a) { a.id = kLong; }, Reason::id_too_long, "account_id"},
          {"negative balance before floor",
           [](A& a) {
             a.initial_balance = -1;
             a.floor = 1;
           },
           Reason::initial_balance_negative, "initial_balance"},
          {"floor above balance", [](A& a) { a.floor = 1; }, Reason::floor_above_balance, "floor"},
          {"floor before metadata",
           [](A& a) {
             a.floor = 1;
             a.metadata["k"].assign(16 * 1024, 'v');
           },
           Reason::floor_above_balance, "floor"},
          {"metadata", [](A& a) { a.metadata["k"].assign(16 * 1024, 'v'); },
           Reason::metadata_too_large, "metadata"},
      });
}

TEST_CASE("A participant's account is refused by its participant's id", "[ledger][account]") {
  NewAccount account;
  account.participant_id = "seb";
  account.type = AccountType::operating;
  account.id = participant_account_id("seb", AccountType::operating);
  CHECK(account.id == "seb:operating");
  CHECK_FALSE(check(account));

  account.participant_id = "\n";
  CHECK(check(account)->metadata.front().second == "participant_id");
  account.participant_id.assign(256, 'p');
  account.id = participant_account_id(account.participant_id, AccountType::operating);
  CHECK(check(account)->reason == Reason::id_too_long);
  CHECK(check(account)->metadata.front().second == "participant_id");
}

TEST_CASE("Account types have the names of account ids", "[ledger][account]") {
  const std::vector<std::string> names{"standalone", "operating", "receivables", "payables",
                                       "escrow",     "fees",      "usage"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    CHECK(to_string(static_cast<AccountType>(i + 1)) == names[i]);
  }
}

TEST_CASE("An id that ends with a type's name could belong to a participant", "[ledger][account]") {
  struct Row {
    std::string_view id;
    std::string_view owner;
  };
  for (const auto& [id, owner] : {Row{"seb:operating", "seb"},
                                  {"seb:receivables", "seb"},
                                  {"seb:payables", "seb"},
                                  {"seb:escrow", "seb"},
                                  {"seb:fees", "seb"},
                                  {"seb:usage", "seb"},
                                  {"seb:standalone", "seb"},
                                  {"a:b:usage", "a:b"},
                                  {"seb::usage", "seb:"},
                                  {"seb:unspecified", ""},
                                  {"seb:Usage", ""},
                                  {"seb:usage ", ""},
                                  {"seb:", ""},
                                  {"seb", ""},
                                  {"usage", ""},
                                  {":usage", ""},
                                  {"", ""}}) {
    CAPTURE(id);
    CHECK(possible_owner(id) == owner);
  }
}

}  // namespace
}  // namespace sg::ledger
