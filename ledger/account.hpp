// Participants and accounts, and the checks of a request to create one. The checks look at the
// request alone. Whether the id is taken is decided under a lock, by the account's shard.
//
//   NewAccount account{participant_account_id("seb", AccountType::operating), "seb"};
//   if (auto error = check(account)) return *error;
//
// Plain values and pure functions: thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/error.hpp"
#include "ledger/ids.hpp"
#include "ledger/money.hpp"
#include "ledger/policy.hpp"

namespace sg::ledger {

// The numbers are those of the wire and of the store, so they never change.
enum class ParticipantRole : std::uint8_t {
  unspecified = 0,
  access_provider = 1,
  banking_partner = 2,
  ecosystem_partner = 3,
  supplier = 4,
  equipment_provider = 5,
};
inline constexpr int kLastRole = 5;  // the highest ParticipantRole

// The numbers are those of the wire and of the store, so they never change.
enum class AccountType : std::uint8_t {
  unspecified = 0,
  standalone = 1,  // belongs to no participant
  operating = 2,
  receivables = 3,
  payables = 4,
  escrow = 5,
  fees = 6,
  usage = 7,
};
inline constexpr int kLastAccountType = 7;  // the highest AccountType

// The caller's own keys and values. A sorted map, so that the stored bytes do not depend on a hash.
using Metadata = std::map<std::string, std::string>;

inline constexpr std::size_t kMaxMetadataBytes = 16 * 1024;  // keys and values together
// METADATA_TOO_LARGE: of metadata with so many bytes.
Error metadata_too_large(std::size_t bytes);
inline constexpr std::size_t kMaxNameBytes = 1024;  // of a participant's name

// A participant as a caller asks for it.
struct NewParticipant {
  std::string id;
  std::string name;
  ParticipantRole role = ParticipantRole::unspecified;
  Metadata metadata;
};

// An account as a caller asks for it.
struct NewAccount {
  std::string id;
  std::string participant_id;  // empty: a standalone account
  AccountType type = AccountType::standalone;
  Amount initial_balance = 0;  // minor units, 0 or more
  Amount floor = 0;            // the balance never falls below it; may be negative
  Metadata metadata;
  Amount ceiling = Policy().ceiling;  // nor rises above it
};

// A participant as it is stored: the request, and the place of the record that created it.
struct Participant : NewParticipant {
  Sequence sequence = 0;  // of the creating record
  TimeMs created_at = 0;  // the time of its block
};

// An account as it is stored. `initial_balance` is not its current balance.
struct Account : NewAccount {
  AccountNumber number = kNoAccount;  // given by the journal
  Sequence sequence = 0;              // of the creating record
  TimeMs created_at = 0;              // the time of its block
};

// "operating": the type's name, as it appears in a participant's account id.
std::string_view to_string(AccountType type);
// The id of a participant's account of this type: "seb:operating".
std::string participant_account_id(std::string_view participant_id, AccountType type);

// The participant that would own an account of this id, if that participant exists: "seb" for
// "seb:operating". Empty when the id does not end with a colon and the name of a type other than
// `unspecified`. The view lives as long as `account_id`.
std::string_view possible_owner(std::string_view account_id);

// Checks id, name, role and metadata, in that order. Returns the first error, or nullopt.
std::optional<Error> check(const NewParticipant& participant);
// As check(), of an account whose id and type the caller has chosen. With a participant the id
// begins with that and a colon, so that both share a shard; an id that is made of the participant
// and a type has that type. Without one the type is `standalone`.
std::optional<Error> check_opened(const NewAccount& account);

// The policy that the account begins with.
inline Policy policy_of(const NewAccount& account) { return {account.floor, account.ceiling}; }

// Checks the ids, the initial balance, the bounds and the metadata, in that order. Returns the
// first error, or nullopt. For a participant's account, `id` comes from participant_account_id();
// if that id is too long, the error names `participant_id`, which is the field that the caller
// sent.
std::optional<Error> check(const NewAccount& account);

}  // namespace sg::ledger
