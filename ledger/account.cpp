// A participant's account has no id of its own: its id is PARTICIPANT:TYPE. So a participant has at
// most one account of each type, and its accounts share its shard (see shard_key()).
#include "ledger/account.hpp"

#include <algorithm>
#include <array>

namespace sg::ledger {
namespace {

// Indexed by AccountType. These names are parts of account ids, so they never change.
constexpr std::array<std::string_view, kLastAccountType + 1> kTypeNames{
    "unspecified", "standalone", "operating", "receivables", "payables", "escrow", "fees", "usage"};

// NOT_UTF8 when `text` is not UTF-8. Unlike check_id(), it allows an empty text and control
// characters.
std::optional<Error> check_text(std::string_view text, std::string_view field) {
  if (is_utf8(text)) return std::nullopt;
  return Error{Reason::not_utf8,
               std::string(field) + " is not valid UTF-8",
               {{"field", std::string(field)}},
               Outcome::none};
}

// Counts the bytes of all keys and values against one limit.
std::optional<Error> check_metadata(const Metadata& metadata) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : metadata) {
    bytes += key.size() + value.size();
    if (auto error = check_text(key, "metadata")) return error;
    if (auto error = check_text(value, "metadata")) return error;
  }
  if (bytes <= kMaxMetadataBytes) return std::nullopt;
  return metadata_too_large(bytes);
}

}  // namespace

Error metadata_too_large(std::size_t bytes) {
  return {Reason::metadata_too_large,
          "metadata has " + std::to_string(bytes) + " bytes: at most 16384 are allowed",
          {{"field", "metadata"}},
          Outcome::none};
}

std::string_view to_string(AccountType type) { return kTypeNames[static_cast<std::size_t>(type)]; }

std::string participant_account_id(std::string_view participant_id, AccountType type) {
  std::string id(participant_id);
  id += ':';
  id += to_string(type);
  return id;
}

std::string_view possible_owner(std::string_view account_id) {
  // The last colon: a participant's own id may have colons.
  const auto colon = account_id.rfind(':');
  if (colon == std::string_view::npos) return {};
  const auto name = account_id.substr(colon + 1);
  // "unspecified" is no part of an id.
  const auto* first = kTypeNames.begin() + static_cast<int>(AccountType::standalone);
  if (std::find(first, kTypeNames.end(), name) == kTypeNames.end()) return {};
  return account_id.substr(0, colon);
}

std::optional<Error> check(const NewParticipant& participant) {
  if (auto error = check_id(participant.id, "id")) return error;
  if (participant.name.size() > kMaxNameBytes) {
    return Error{
        Reason::name_too_long,
        "name has " + std::to_string(participant.name.size()) + " bytes: at most 1024 are allowed",
        {{"field", "name"}},
        Outcome::none};
  }
  if (auto error = check_text(participant.name, "name")) return error;
  if (participant.role == ParticipantRole::unspecified) {
    return Error{Reason::role_unspecified,
                 "role is unspecified: valid are ACCESS_PROVIDER, BANKING_PARTNER, "
                 "ECOSYSTEM_PARTNER, SUPPLIER, EQUIPMENT_PROVIDER",
                 {{"field", "role"}},
                 Outcome::none};
  }
  return check_metadata(participant.metadata);
}

std::optional<Error> check(const NewAccount& account) {
  const bool standalone = account.participant_id.empty();
  if (!standalone) {
    if (auto error = check_id(account.participant_id, "participant_id")) return error;
    // The caller did not send the derived id. So the message explains how it came to be too long.
    if (account.id.size() > kMaxIdBytes) {
      return Error{
          Reason::id_too_long,
          "participant_id has " + std::to_string(account.participant_id.size()) +
              " bytes: the id of its account, PARTICIPANT:" + std::string(to_string(account.type)) +
              ", would have " + std::to_string(account.id.size()) + ", and at most 256 are allowed",
          {{"field", "participant_id"}},
          Outcome::none};
    }
  }
  if (auto error = check_id(account.id, standalone ? "account_id" : "participant_id")) {
    return error;
  }
  if (account.initial_balance < 0) {
    return Error{
        Reason::initial_balance_negative,
        "initial_balance is " + std::to_string(account.initial_balance) + ": it must be 0 or more",
        {{"field", "initial_balance"}},
        Outcome::none};
  }
  // Otherwise the account would stand below its floor from the start.
  if (account.floor > account.initial_balance) {
    return Error{Reason::floor_above_balance,
                 "floor " + std::to_string(account.floor) + " is above the initial balance " +
                     std::to_string(account.initial_balance),
                 {{"field", "floor"}},
                 Outcome::none};
  }
  if (account.ceiling < account.initial_balance) {
    return Error{Reason::policy_invalid,
                 "ceiling " + std::to_string(account.ceiling) + " is below the initial balance " +
                     std::to_string(account.initial_balance),
                 {{"field", "ceiling"}},
                 Outcome::none};
  }
  return check_metadata(account.metadata);
}

std::optional<Error> check_opened(const NewAccount& account) {
  if (auto error = check_id(account.id, "account_id")) return error;
  const auto wrong_type = [](std::string message) {
    return Error{Reason::type_mismatch, std::move(message), {{"field", "type"}}, Outcome::none};
  };
  const bool is_standalone = account.type == AccountType::standalone;
  if (account.participant_id.empty() != is_standalone) {
    return is_standalone ? wrong_type("type is STANDALONE: an account of a participant has another")
                         : wrong_type(
                               "type is that of a participant's account: name a "
                               "participant_id, or leave type out");
  }
  if (!is_standalone) {
    if (auto error = check_id(account.participant_id, "participant_id")) return error;
    const auto prefix = account.participant_id + ":";
    if (!account.id.starts_with(prefix) || account.id.size() == prefix.size()) {
      return Error{Reason::id_not_of_participant,
                   "account_id " + account.id + " does not begin with \"" + prefix +
                       "\": the id of a participant's account does, and goes on",
                   {{"field", "account_id"}, {"participant_id", account.participant_id}},
                   Outcome::none};
    }
    const bool is_derived = possible_owner(account.id) == account.participant_id;
    if (is_derived && account.id != participant_account_id(account.participant_id, account.type)) {
      return wrong_type("account_id " + account.id + " is that of an account of another type");
    }
  }
  return check(account);
}

}  // namespace sg::ledger
