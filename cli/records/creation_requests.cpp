#include "cli/records/creation_requests.hpp"

#include "cli/session/arguments.hpp"

namespace sg::cli {

namespace wire = scalegraph::ledger;
namespace {

// What every way to make an account takes.
template <class Request>
void begin_as(const wire::Account& from, Request& request) {
  request.set_initial_balance(from.balance());
  request.set_floor(from.floor());
  *request.mutable_metadata() = from.metadata();
}

}  // namespace

wire::CreateParticipantRequest participant_of(const Record& record) {
  wire::CreateParticipantRequest request;
  const auto& from = record.participant();
  request.set_id(from.id());
  request.set_name(from.name());
  request.set_role(from.role());
  *request.mutable_metadata() = from.metadata();
  return request;
}

wire::CreateParticipantAccountRequest owned_of(const Record& record) {
  wire::CreateParticipantAccountRequest request;
  const auto& from = record.account();
  request.set_participant_id(from.participant_id());
  request.set_account_type(from.account_type());
  begin_as(from, request);
  return request;
}

// What the older methods do not know.
bool has_to_be_opened(const wire::Account& account) {
  if (account.has_ceiling()) return true;
  if (account.participant_id().empty()) return false;
  return account.id() != account.participant_id() + ':' + type_in_id(account.account_type());
}

wire::OpenAccountRequest opened_of(const Record& record) {
  wire::OpenAccountRequest request;
  const auto& from = record.account();
  request.set_account_id(from.id());
  request.set_participant_id(from.participant_id());
  request.set_type(from.account_type());
  begin_as(from, request);
  if (from.has_ceiling()) request.set_ceiling(from.ceiling());
  return request;
}

wire::CreateAccountRequest standalone_of(const Record& record) {
  wire::CreateAccountRequest request;
  const auto& from = record.account();
  request.set_account_id(from.id());
  begin_as(from, request);
  return request;
}

}  // namespace sg::cli
