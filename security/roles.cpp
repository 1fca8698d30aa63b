// The table: a row for each permission, a column for each role.
#include "security/roles.hpp"

#include <algorithm>
#include <array>

namespace sg::security {
namespace {

constexpr std::array<std::string_view, kRoles> kRoleNames{"admin", "operator", "teller",
                                                          "participant", "auditor"};

constexpr auto kNo = Verdict::denied;
constexpr auto kOwn = Verdict::own;
constexpr auto kYes = Verdict::allowed;

struct Row {
  Permission permission;
  std::array<Verdict, kRoles> of;  // by Role
};
constexpr std::array<Row, kPermissions> kRows{{
    //                            admin operator teller participant auditor
    {Permission::probe, {kYes, kYes, kYes, kYes, kYes}},
    {Permission::reflect, {kYes, kYes, kYes, kYes, kYes}},
    {Permission::read_account, {kYes, kYes, kYes, kOwn, kYes}},
    {Permission::read_ledger, {kYes, kYes, kYes, kNo, kYes}},
    {Permission::move_money, {kYes, kNo, kYes, kOwn, kNo}},
    {Permission::create, {kYes, kNo, kYes, kNo, kNo}},
    {Permission::inspect, {kYes, kYes, kNo, kNo, kYes}},
    {Permission::operate, {kYes, kYes, kNo, kNo, kNo}},
}};

constexpr bool rows_stand_in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].permission) != i) return false;
  }
  return true;
}
static_assert(rows_stand_in_order(), "a permission is its row's index");

constexpr std::string_view kOfParticipant = "participant:";

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string_view to_string(Role role) { return kRoleNames[static_cast<std::size_t>(role)]; }

Verdict permitted(Role role, Permission permission) {
  return kRows[static_cast<std::size_t>(permission)].of[static_cast<std::size_t>(role)];
}

std::optional<Grant> parse_grant(std::string_view text) {
  if (text.starts_with(kOfParticipant)) {
    const auto id = text.substr(kOfParticipant.size());
    if (id.empty() || has_control(id)) return std::nullopt;
    return Grant{Role::participant, std::string(id)};
  }
  const auto found = std::find(kRoleNames.begin(), kRoleNames.end(), text);
  if (found == kRoleNames.end()) return std::nullopt;
  return Grant{static_cast<Role>(found - kRoleNames.begin()), {}};
}

std::string to_string(const Grant& grant) {
  if (!grant.participant.empty()) return std::string(kOfParticipant) + grant.participant;
  return std::string(to_string(grant.role));
}

std::optional<std::vector<NamedGrant>> parse_grants(std::string_view text) {
  std::vector<NamedGrant> grants;
  if (trim(text).empty()) return grants;
  for (bool is_last = false; !is_last;) {
    const auto comma = text.find(',');
    is_last = comma == std::string_view::npos;
    const auto part = trim(text.substr(0, comma));
    text.remove_prefix(is_last ? text.size() : comma + 1);
    const auto equals = part.rfind('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const auto name = trim(part.substr(0, equals));
    const auto grant = parse_grant(trim(part.substr(equals + 1)));
    if (name.empty() || !grant) return std::nullopt;
    for (const auto& other : grants) {
      if (other.name == name) return std::nullopt;
    }
    grants.push_back({std::string(name), *grant});
  }
  return grants;
}

std::string to_string(std::span<const NamedGrant> grants) {
  std::string text;
  for (const auto& [name, grant] : grants) {
    text.append(text.empty() ? "" : ", ").append(name).append("=").append(to_string(grant));
  }
  return text;
}

bool is_name(std::string_view text) {
  constexpr std::size_t kMaxNameBytes = 256;
  return !text.empty() && text.size() <= kMaxNameBytes && !has_control(text);
}

Caller make_caller(std::string name, const Grant& grant) {
  Caller caller{std::move(name), grant.role, grant.participant};
  if (caller.role == Role::participant && caller.participant.empty()) {
    caller.participant = caller.name;
  }
  return caller;
}

std::optional<Caller> caller_of(std::string_view name, std::span<const NamedGrant> grants) {
  const auto row_of = [grants](std::string_view wanted) {
    return std::find_if(grants.begin(), grants.end(),
                        [wanted](const NamedGrant& row) { return row.name == wanted; });
  };
  auto found = row_of(name);
  // A caller that calls itself "*" has no row of its own.
  if (found == grants.end() || name == "*") found = row_of("*");
  if (found == grants.end()) return std::nullopt;
  return make_caller(std::string(name), found->grant);
}

}  // namespace sg::security
