// Who calls, and what each role may do. The table of roles and permissions stands in roles.cpp.
//
//   auto grants = parse_grants("ops=operator, *=participant");
//   auto caller = caller_of("seb", *grants);              // participant seb
//   if (permitted(caller->role, Permission::inspect) == Verdict::denied) refuse();
//
// Plain values and pure functions: thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sg::security {

enum class Role : std::uint8_t {
  admin,        // everything
  operator_,    // reads everything, and operates the server and the cluster
  teller,       // reads and moves money on every account, and creates accounts
  participant,  // reads its own accounts, debits its own, credits any
  auditor,      // reads everything
};
inline constexpr int kRoles = 5;

// "admin", "operator", "teller", "participant", "auditor".
std::string_view to_string(Role role);

// What a method needs. Each row of the table of methods names one.
enum class Permission : std::uint8_t {
  probe,         // health checks: open to everybody, without credentials
  reflect,       // the server's description of its own services
  read_account,  // of one account, participant or transaction
  read_ledger,   // lists and sums over all of them
  move_money,
  create,   // accounts and participants
  inspect,  // the supervision tree, the cluster's state, verification
  operate,  // founding a cluster, moving its leadership
};
inline constexpr int kPermissions = 8;

enum class Verdict : std::uint8_t {
  denied,
  own,      // on what belongs to the caller's participant only
  allowed,  // on everything
};
Verdict permitted(Role role, Permission permission);

// What a caller is, beside its name.
struct Grant {
  Role role = Role::auditor;
  std::string participant;  // of a participant: its id. Empty: the id is the caller's name

  bool operator==(const Grant&) const = default;
};

// Reads "admin", "operator", "teller", "auditor", "participant" or "participant:ID".
std::optional<Grant> parse_grant(std::string_view text);
// The text that parse_grant() reads back as the same grant.
std::string to_string(const Grant& grant);

// The grant of everybody of that name; the name "*" means everybody who has no row of its own.
struct NamedGrant {
  std::string name;
  Grant grant;

  bool operator==(const NamedGrant&) const = default;
};
// Reads "NAME=ROLE, NAME=ROLE". The last "=" of a part separates. Returns nullopt if a part has
// another form, or a name stands twice. The empty text is an empty list.
std::optional<std::vector<NamedGrant>> parse_grants(std::string_view text);
// The text that parse_grants() reads back as the same list.
std::string to_string(std::span<const NamedGrant> grants);

// True for a name that a credential may have: 1 to 256 bytes without control characters, so that it
// may stand in a line of a log.
bool is_name(std::string_view text);

// Whoever sends a call.
struct Caller {
  std::string name;
  Role role = Role::auditor;
  std::string participant;  // with Role::participant: whose accounts are its own

  bool operator==(const Caller&) const = default;
};
// A caller of that name and grant.
Caller make_caller(std::string name, const Grant& grant);
// The caller of that name, or nullopt if the list grants nothing to it.
std::optional<Caller> caller_of(std::string_view name, std::span<const NamedGrant> grants);

}  // namespace sg::security
