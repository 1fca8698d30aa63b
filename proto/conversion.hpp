// Wire <-> domain. What the domain cannot hold (an unknown enum value) is refused here; all other
// checks are the domain's.
#pragma once

#include <grpcpp/support/status.h>

#include <optional>
#include <string>
#include <string_view>

#include "ledger/account.hpp"
#include "ledger/error.hpp"
#include "ledger/ids.hpp"
#include "ledger/transfer.hpp"
#include "proto/ledger.pb.h"

namespace sg::proto {

namespace wire = scalegraph::ledger;

// A status with google.rpc.ErrorInfo (domain "scalegraph") in its details. Those of a write say
// what the outcome is.
grpc::Status to_status(const ledger::Error& error, bool is_write);
void fill(wire::TransferError& to, const ledger::Error& error);

ledger::Result<ledger::NewParticipant> to_domain(const wire::CreateParticipantRequest& request);
ledger::Result<ledger::NewAccount> to_domain(const wire::CreateParticipantAccountRequest& request);
ledger::Result<ledger::NewAccount> to_domain(const wire::CreateAccountRequest& request);
// PARTICIPANT_ROLE_UNSPECIFIED is every role.
ledger::Result<ledger::ParticipantRole> to_role_filter(int role);

void fill(wire::Participant& to, const ledger::NewParticipant& from, ledger::TimeMs created_at);
void fill(wire::Account& to, const ledger::NewAccount& from, ledger::Amount balance,
          ledger::TimeMs created_at);

// Fields that a request may have, with those of the messages in it. Its own bounds leave it far
// fewer; a transfer and a batch have a reader of their own.
inline constexpr std::size_t kMaxFieldsOfRequest = 65'536;

// Walks over the bytes of a request as a message of that type. Nothing if its shape is right; else
// what comes first in them: a text that is not UTF-8, which is named, or bytes that do not parse.
// The work is bounded by kMaxFieldsOfRequest and, for texts, by a pass over the bytes.
std::optional<ledger::Error> check_shape(const google::protobuf::Descriptor& type,
                                         std::string_view bytes);

// Why bytes do not parse as a request.
ledger::Error explain_malformed(const google::protobuf::Descriptor& type, std::string_view bytes);

ledger::Error malformed_request(const google::protobuf::Descriptor& type);
ledger::Error not_utf8(std::string field);
ledger::Error too_many_transfers();

}  // namespace sg::proto
