// Names, grants, and the table of what each role may do.
#include "security/roles.hpp"

#include <catch2/catch.hpp>
#include <map>

namespace sg::security {
namespace {

TEST_CASE("What each role may do, cell by cell", "[security][roles]") {
  constexpr auto no = Verdict::denied;
  constexpr auto own = Verdict::own;
  constexpr auto yes = Verdict::allowed;
  const std::map<Permission, std::map<Role, Verdict>> table{
      {Permission::probe,
       {{Role::admin, yes},
        {Role::operator_, yes},
        {Role::teller, yes},
        {Role::participant, yes},
        {Role::auditor, yes}}},
      {Permission::reflect,
       {{Role::admin, yes},
        {Role::operator_, yes},
        {Role::teller, yes},
        {Role::participant, yes},
        {Role::auditor, yes}}},
      {Permission::read_account,
       {{Role::admin, yes},
        {Role::operator_, yes},
        {Role::teller, yes},
        {Role::participant, own},
        {Role::auditor, yes}}},
      {Permission::read_ledger,
       {{Role::admin, yes},
        {Role::operator_, yes},
        {Role::teller, yes},
        {Role::participant, no},
        {Role::auditor, yes}}},
      {Permission::move_money,
       {{Role::admin, yes},
        {Role::operator_, no},
        {Role::teller, yes},
        {Role::participant, own},
        {Role::auditor, no}}},
      {Permission::create,
       {{Role::admin, yes},
        {Role::operator_, no},
        {Role::teller, yes},
        {Role::participant, no},
        {Role::auditor, no}}},
      {Permission::inspect,
       {{Role::admin, yes},
        {Role::operator_, yes},
        {Role::teller, no},
        {Role::participant, no},
        {Role::auditor, yes}}},
      {Permission::operate,
       {{Role::admin, yes},
        {Role::operator_, yes},
        {Role::teller, no},
        {Role::participant, no},
        {Role::auditor, no}}},
  };
  REQUIRE(table.size() == kPermissions);
  for (const auto& [permission, row] : table) {
    REQUIRE(row.size() == kRoles);
    for (const auto& [role, verdict] : row) {
      CAPTURE(static_cast<int>(permission), to_string(role));
      CHECK(permitted(role, permission) == verdict);
    }
  }
}

TEST_CASE("Grants as texts", "[security][roles]") {
  for (const auto* text : {"admin", "operator", "teller", "auditor", "participant",
                           "participant:seb", "participant:a:b c"}) {
    CAPTURE(text);
    const auto grant = parse_grant(text);
    REQUIRE(grant);
    CHECK(to_string(*grant) == text);
  }
  for (const auto* wrong :
       {"", "Admin", "admin ", "participant:", "root", "teller:x", "participant:x\ny"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_grant(wrong));
  }
  for (const auto* text : {"", "ops=operator", "ops=operator, CN=x=teller, *=participant"}) {
    CAPTURE(text);
    const auto grants = parse_grants(text);
    REQUIRE(grants);
    CHECK(to_string(*grants) == text);
  }
  for (const auto* wrong :
       {"ops", "=admin", "ops=", "ops=admin,", ",", "ops=admin, ops=teller", "ops=root"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_grants(wrong));
  }
}

TEST_CASE("Who a name is", "[security][roles]") {
  const auto grants = parse_grants("ops=operator, shop=participant:seb, *=participant").value();
  CHECK(caller_of("ops", grants) == Caller{"ops", Role::operator_, ""});
  CHECK(caller_of("shop", grants) == Caller{"shop", Role::participant, "seb"});
  CHECK(caller_of("kim", grants) == Caller{"kim", Role::participant, "kim"});
  CHECK_FALSE(caller_of("kim", parse_grants("ops=operator").value()));
}

}  // namespace
}  // namespace sg::security
