// Field by field between wire messages and domain types. The order of the checks is part of the
// contract: a request with several faults is refused for the first one in the order of its fields.
#include "proto/conversion.hpp"

#include "proto/error_details.pb.h"

namespace sg::proto {

using ledger::Error;
using ledger::Outcome;
using ledger::Reason;

namespace {

// Where the reasons of ErrorInfo come from. Clients compare it before they trust a reason.
constexpr const char* kDomain = "scalegraph";
// The prefix that google.protobuf.Any puts in front of the type of a detail.
constexpr const char* kTypePrefix = "type.googleapis.com";

// Names that a client may send. 0 is left out: it means "not specified".
std::string valid_names(const google::protobuf::EnumDescriptor& type) {
  std::string names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() == 0) continue;
    if (!names.empty()) names += ", ";
    names += type.value(i)->name();
  }
  return names;
}

Error unknown_enum(std::string_view field, int value,
                   const google::protobuf::EnumDescriptor& type) {
  return {Reason::enum_value_unknown,
          std::string(field) + " is " + std::to_string(value) + ": valid are " + valid_names(type),
          {{"field", std::string(field)}},
          Outcome::none};
}

ledger::Metadata to_metadata(const google::protobuf::Map<std::string, std::string>& map) {
  return {map.begin(), map.end()};
}

// Part of the API: clients read "none" and "unknown" from the metadata.
const char* to_text(Outcome outcome) { return outcome == Outcome::none ? "none" : "unknown"; }

}  // namespace

grpc::Status to_status(const Error& error, bool is_write) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(to_string(error.reason)));
  info.set_domain(kDomain);
  for (const auto& [key, value] : error.metadata) (*info.mutable_metadata())[key] = value;
  if (is_write) (*info.mutable_metadata())["outcome"] = to_text(error.outcome);
  // gRPC sends this message in the trailer grpc-status-details-bin. Code and message stand there
  // again.
  google::rpc::Status details;
  const auto code = static_cast<int>(code_of(error.reason));
  details.set_code(code);
  details.set_message(error.message);
  details.add_details()->PackFrom(info, kTypePrefix);
  return {static_cast<grpc::StatusCode>(code), error.message, details.SerializeAsString()};
}

grpc::Status with_request_id(const grpc::Status& status, const std::string& id) {
  google::rpc::RequestInfo info;
  info.set_request_id(id);
  google::rpc::Status more;
  more.add_details()->PackFrom(info, kTypePrefix);
  // Bytes of two messages one after the other are the message with the fields of both.
  return {status.error_code(), status.error_message(),
          status.error_details() + more.SerializeAsString()};
}

void fill(wire::TransferError& to, const Error& error) {
  to.set_code(static_cast<int>(code_of(error.reason)));
  to.set_reason(std::string(to_string(error.reason)));
  to.set_message(error.message);
  for (const auto& [key, value] : error.metadata) (*to.mutable_metadata())[key] = value;
  (*to.mutable_metadata())["outcome"] = to_text(error.outcome);
}

ledger::Result<ledger::NewParticipant> to_domain(const wire::CreateParticipantRequest& request) {
  if (!wire::ParticipantRole_IsValid(request.role())) {
    // The id comes before the role in the request, so a wrong id is reported first.
    if (auto error = ledger::check_id(request.id(), "id")) return tl::unexpected(*error);
    return tl::unexpected(
        unknown_enum("role", request.role(), *wire::ParticipantRole_descriptor()));
  }
  // The numbers of the two enums are equal, so a valid one converts by a cast.
  ledger::NewParticipant participant{request.id(), request.name(),
                                     static_cast<ledger::ParticipantRole>(request.role()),
                                     to_metadata(request.metadata())};
  if (auto error = check(participant)) return tl::unexpected(*error);
  return participant;
}

ledger::Result<ledger::NewAccount> to_domain(const wire::CreateParticipantAccountRequest& request) {
  // Checked first: the id of the account is made of it, so check() would blame that id.
  if (auto error = ledger::check_id(request.participant_id(), "participant_id")) {
    return tl::unexpected(*error);
  }
  if (!wire::AccountType_IsValid(request.account_type())) {
    return tl::unexpected(
        unknown_enum("account_type", request.account_type(), *wire::AccountType_descriptor()));
  }
  const auto type = request.account_type() == wire::ACCOUNT_TYPE_UNSPECIFIED
                        ? ledger::AccountType::operating
                        : static_cast<ledger::AccountType>(request.account_type());
  ledger::NewAccount account{ledger::participant_account_id(request.participant_id(), type),
                             request.participant_id(),
                             type,
                             request.initial_balance(),
                             request.floor(),
                             to_metadata(request.metadata())};
  if (auto error = check(account)) return tl::unexpected(*error);
  return account;
}

ledger::Result<ledger::NewAccount> to_domain(const wire::CreateAccountRequest& request) {
  ledger::NewAccount account{request.account_id(),
                             {},
                             ledger::AccountType::standalone,
                             request.initial_balance(),
                             request.floor(),
                             to_metadata(request.metadata())};
  if (auto error = check(account)) return tl::unexpected(*error);
  return account;
}

Error unknown_status(std::string field, int value) {
  return unknown_enum(field, value, *wire::AccountStatus_descriptor());
}

ledger::Result<ledger::NewAccount> to_domain(const wire::OpenAccountRequest& request) {
  if (!wire::AccountType_IsValid(request.type())) {
    return tl::unexpected(unknown_enum("type", request.type(), *wire::AccountType_descriptor()));
  }
  auto type = static_cast<ledger::AccountType>(request.type());
  if (type == ledger::AccountType::unspecified) {
    type = request.participant_id().empty() ? ledger::AccountType::standalone
                                            : ledger::AccountType::operating;
  }
  ledger::NewAccount account{
      request.account_id(),      request.participant_id(), type,
      request.initial_balance(), request.floor(),          to_metadata(request.metadata())};
  if (request.has_ceiling()) account.ceiling = request.ceiling();
  if (auto error = check_opened(account)) return tl::unexpected(*error);
  return account;
}

ledger::Result<ledger::ParticipantRole> to_role_filter(int role) {
  if (wire::ParticipantRole_IsValid(role)) return static_cast<ledger::ParticipantRole>(role);
  return tl::unexpected(unknown_enum("role", role, *wire::ParticipantRole_descriptor()));
}

void fill(wire::Participant& to, const ledger::NewParticipant& from, ledger::TimeMs created_at) {
  to.set_id(from.id);
  to.set_name(from.name);
  to.set_role(static_cast<wire::ParticipantRole>(from.role));
  to.set_created_at(created_at);
  for (const auto& [key, value] : from.metadata) (*to.mutable_metadata())[key] = value;
}

void fill(wire::Account& to, const ledger::NewAccount& from, ledger::Amount balance,
          ledger::TimeMs created_at) {
  fill(to, from, balance, created_at, policy_of(from));
}

void fill(wire::Account& to, const ledger::NewAccount& from, ledger::Amount balance,
          ledger::TimeMs created_at, const ledger::Policy& policy) {
  to.set_id(from.id);
  to.set_participant_id(from.participant_id);
  to.set_account_type(static_cast<wire::AccountType>(from.type));
  to.set_balance(balance);
  to.set_floor(policy.floor);
  if (policy.has_ceiling()) to.set_ceiling(policy.ceiling);
  to.set_status(policy.closed ? wire::CLOSED : wire::OPEN);
  to.set_debits_frozen((policy.frozen & ledger::kDebits) != 0);
  to.set_credits_frozen((policy.frozen & ledger::kCredits) != 0);
  to.set_available(available(balance, policy));
  to.set_created_at(created_at);
  for (const auto& [key, value] : from.metadata) (*to.mutable_metadata())[key] = value;
}

}  // namespace sg::proto
