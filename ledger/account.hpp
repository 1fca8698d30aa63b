// Participants and accounts, and what makes a request to create one valid.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/error.hpp"
#include "ledger/ids.hpp"
#include "ledger/money.hpp"

namespace sg::ledger {

// Numbers are those of the wire and of the store.
enum class ParticipantRole : std::uint8_t {
  unspecified = 0,
  access_provider = 1,
  banking_partner = 2,
  ecosystem_partner = 3,
  supplier = 4,
  equipment_provider = 5,
};
inline constexpr int kLastRole = 5;

enum class AccountType : std::uint8_t {
  unspecified = 0,
  standalone = 1,
  operating = 2,
  receivables = 3,
  payables = 4,
  escrow = 5,
  fees = 6,
  usage = 7,
};
inline constexpr int kLastAccountType = 7;

// Sorted, so that what is stored does not depend on a hash.
using Metadata = std::map<std::string, std::string>;

inline constexpr std::size_t kMaxMetadataBytes = 16 * 1024;
inline constexpr std::size_t kMaxNameBytes = 1024;

struct NewParticipant {
  std::string id;
  std::string name;
  ParticipantRole role = ParticipantRole::unspecified;
  Metadata metadata;
};

struct NewAccount {
  std::string id;
  std::string participant_id;  // empty: a standalone account
  AccountType type = AccountType::standalone;
  Amount initial_balance = 0;
  Amount floor = 0;
  Metadata metadata;
};

// As stored: created, with its place.
struct Participant : NewParticipant {
  Sequence sequence = 0;
  TimeMs created_at = 0;
};

struct Account : NewAccount {
  AccountNumber number = kNoAccount;
  Sequence sequence = 0;
  TimeMs created_at = 0;
};

// "operating": the type's part of a participant's account id.
std::string_view to_string(AccountType type);
// "seb:operating".
std::string participant_account_id(std::string_view participant_id, AccountType type);

// The participant that an account of this id would belong to, if there is such a participant: "seb"
// for "seb:operating". Empty when the id does not end with a colon and the name of a type. Lives as
// long as `account_id`.
std::string_view possible_owner(std::string_view account_id);

std::optional<Error> check(const NewParticipant& participant);
// For a participant's account, `id` is made by participant_account_id after the participant's own
// id was checked; a derived id that is too long is refused as `participant_id`.
std::optional<Error> check(const NewAccount& account);

}  // namespace sg::ledger
