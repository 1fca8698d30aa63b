// Conversion between wire messages (protobuf) and domain types, and errors as gRPC statuses.
//
// This is the only place that refuses what a domain type cannot hold, such as an unknown enum
// value. All other checks belong to the domain types: to_domain() calls them.
//
// Requests that move money take another way, which builds no message objects: transfer_reader.hpp
// and transfer_writer.hpp.
//
// Thread safety: no shared state. Every function returns new values or fills those of the caller.
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

// The gRPC status of an error. Its details hold google.rpc.ErrorInfo with the domain "scalegraph",
// the reason and the metadata. With `is_write` the metadata also say whether the outcome is "none"
// or "unknown", so that a client knows whether to retry with its key.
[[nodiscard]] grpc::Status to_status(const ledger::Error& error, bool is_write);
// The same status with a google.rpc.RequestInfo behind its details: by that id an operator finds
// the call in the log. Needs: the status has details.
[[nodiscard]] grpc::Status with_request_id(const grpc::Status& status, const std::string& id);
// The same for one item of a batch. Items are always writes, so the outcome is always there.
void fill(wire::TransferError& to, const ledger::Error& error);

// Requests to create something, checked. The error is the first one in the order of the fields. The
// id of a participant's account is made of the participant and the type, which is `operating` if
// the request names none.
[[nodiscard]] ledger::Result<ledger::NewParticipant> to_domain(
    const wire::CreateParticipantRequest& request);
[[nodiscard]] ledger::Result<ledger::NewAccount> to_domain(
    const wire::CreateParticipantAccountRequest& request);
[[nodiscard]] ledger::Result<ledger::NewAccount> to_domain(
    const wire::CreateAccountRequest& request);
[[nodiscard]] ledger::Result<ledger::NewAccount> to_domain(const wire::OpenAccountRequest& request);
// The role that a list is restricted to. PARTICIPANT_ROLE_UNSPECIFIED means every role.
[[nodiscard]] ledger::Result<ledger::ParticipantRole> to_role_filter(int role);

// Domain values as messages. `created_at` is in milliseconds since 1970, `balance` in minor units.
void fill(wire::Participant& to, const ledger::NewParticipant& from, ledger::TimeMs created_at);
void fill(wire::Account& to, const ledger::NewAccount& from, ledger::Amount balance,
          ledger::TimeMs created_at);
// As it stands under another policy than it was created with.
void fill(wire::Account& to, const ledger::NewAccount& from, ledger::Amount balance,
          ledger::TimeMs created_at, const ledger::Policy& policy);

// The most fields that a request may have, fields of nested messages included. No valid request
// comes near it, because its own bounds are far lower. Transfers and batches have a reader of their
// own.
inline constexpr std::size_t kMaxFieldsOfRequest = 65'536;

// Checks whether `bytes` have the shape of a message of that type, without building the message.
// Returns nullopt if they have. Otherwise returns the first fault: a text that is not UTF-8, named
// by its path, or bytes that do not parse. kMaxFieldsOfRequest bounds the number of fields. Texts
// cost one pass over their bytes.
std::optional<ledger::Error> check_shape(const google::protobuf::Descriptor& type,
                                         std::string_view bytes);

// Says why bytes were refused by the parser. Needs: parsing them failed. Always returns an error, a
// general one if check_shape() finds no fault.
[[nodiscard]] ledger::Error explain_malformed(const google::protobuf::Descriptor& type,
                                              std::string_view bytes);

// The errors of requests that cannot be read. `field` is a path, such as "transfers[2].reference".
[[nodiscard]] ledger::Error malformed_request(const google::protobuf::Descriptor& type);
[[nodiscard]] ledger::Error not_utf8(std::string field);
// `batch`: the type of the request.
[[nodiscard]] ledger::Error too_many_transfers(const google::protobuf::Descriptor& batch);
// FIELD_UNKNOWN: of requests that refuse what they do not know. `field` ends with a number.
[[nodiscard]] ledger::Error unknown_field(std::string field);
// ACTION_MISSING: of a command that asks for nothing.
[[nodiscard]] ledger::Error missing_action(std::string field);
// ENUM_VALUE_UNKNOWN.
[[nodiscard]] ledger::Error unknown_status(std::string field, int value);
// A transaction's type that is none, or is missing (an empty name).
[[nodiscard]] ledger::Error unknown_type(std::string field, std::string_view name);
// FIELD_UNKNOWN if the message, or one in it, has a field that its type does not know. Nullopt: it
// has none. A field of a later version may narrow what is asked for, so it is not passed over.
[[nodiscard]] std::optional<ledger::Error> refuse_unknown_fields(
    const google::protobuf::Message& message);

}  // namespace sg::proto
