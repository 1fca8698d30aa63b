// Requests that create, from their bytes to the domain. What the domain takes keeps its own rules;
// what is refused, malformed bytes too, is told with a code, a reason and a message.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/stubs/logging.h>

#include "ledger/flow/refusal_text.hpp"
#include "proto/conversion.hpp"
#include "proto/ledger.pb.h"
#include "tests/fuzz/property.hpp"

using namespace sg;
using fuzz::must;
namespace wire = scalegraph::ledger;

namespace {

// It would say of every input why it does not parse.
const auto kSilenced = google::protobuf::SetLogHandler(nullptr);

void check_error(const ledger::Error& error) {
  must(!error.message.empty() && error.message.size() < 4096, "a refusal has a short message");
  must(error.outcome == ledger::Outcome::none, "a request that is refused changed nothing");
  const auto status = proto::to_status(error, true);
  must(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT, "bad input is INVALID_ARGUMENT");
  must(ledger::is_utf8(status.error_message()), "a message is UTF-8");
}

template <class Request>
bool parse(std::string_view bytes, Request& request) {
  if (request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return true;
  check_error(proto::explain_malformed(*Request::descriptor(), bytes));
  return false;
}

template <class Request>
void check_creation(std::string_view bytes) {
  Request request;
  if (!parse(bytes, request)) return;
  const auto taken = proto::to_domain(request);
  if (!taken) return check_error(taken.error());
  must(!check(*taken), "what the domain takes keeps its rules");
  must(!ledger::check_id(taken->id, "id"), "what is created has an id");
}

void check_account(std::string_view bytes) {
  wire::CreateAccountRequest request;
  if (!parse(bytes, request)) return;
  const auto taken = proto::to_domain(request);
  if (!taken) return;
  must(taken->initial_balance >= 0 && taken->floor <= taken->initial_balance,
       "an account begins at or above its floor");
  wire::Account account;
  proto::fill(account, *taken, taken->initial_balance, 0);
  must(account.id() == request.account_id() &&
           account.metadata().size() == request.metadata().size(),
       "an account is told as it was asked for");
}

void check_role(std::string_view bytes) {
  wire::ListParticipantsRequest request;
  if (!parse(bytes, request)) return;
  const auto role = proto::to_role_filter(request.role());
  if (!role) return check_error(role.error());
  must(static_cast<int>(*role) == request.role(), "a filter is the role that was asked for");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [kind, bytes] = fuzz::choice_of(fuzz::text_of(data, size));
  switch (kind % 5) {
    case 0:
      check_creation<wire::CreateParticipantRequest>(bytes);
      break;
    case 1:
      check_creation<wire::CreateParticipantAccountRequest>(bytes);
      break;
    case 2:
      check_creation<wire::CreateAccountRequest>(bytes);
      check_account(bytes);
      break;
    case 3:
      check_role(bytes);
      break;
    default:
      check_error(proto::explain_malformed(*wire::TransferBatchRequest::descriptor(), bytes));
  }
  return 0;
}
