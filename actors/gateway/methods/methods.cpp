// The unary handlers stand in writes.cpp and reads.cpp. Each kind of call that streams has a file
// of its own: stream_call, verify_call, watch_call, reflection_call.
#include "actors/gateway/methods/methods.hpp"

#include <array>

#include "actors/gateway/methods/cluster_calls.hpp"
#include "actors/gateway/methods/reads.hpp"
#include "actors/gateway/methods/reflection_call.hpp"
#include "actors/gateway/methods/stream_call.hpp"
#include "actors/gateway/methods/verify_call.hpp"
#include "actors/gateway/methods/watch_call.hpp"
#include "actors/gateway/methods/writes.hpp"
#include "proto/health.pb.h"
#include "proto/ledger.pb.h"
#include "proto/reflection_v1.pb.h"
#include "proto/reflection_v1alpha.pb.h"

namespace sg::actors {
namespace {

// grpc.health.v1.Health.Check: the serving status now, or NOT_FOUND for an unknown service.
void check_health(UnaryCall& call) {
  grpc::health::v1::HealthCheckRequest request;
  if (!call.parse_request(request)) return;
  const auto status = call.server().status_of(request.service());
  if (status == grpc::health::v1::HealthCheckResponse::SERVICE_UNKNOWN) {
    return call.fail_with({grpc::StatusCode::NOT_FOUND,
                           "no service " + request.service() + ": known are \"\" and shard/N"});
  }
  grpc::health::v1::HealthCheckResponse response;
  response.set_status(status);
  call.reply(response);
}

// Method::MakeCall of each kind of call.
template <class CallType>
std::unique_ptr<Call> make(RpcServer& server, std::uint64_t id, const Served& served) {
  return std::make_unique<CallType>(server, id, served);
}

// Short names, so that a row fits on a line.
constexpr auto kReads = Effect::reads;
constexpr auto kWrites = Effect::writes;
constexpr auto kProbes = Effect::probes;

constexpr std::string_view kParticipants = "scalegraph.ledger.ParticipantService";
constexpr std::string_view kLedger = "scalegraph.ledger.LedgerService";
constexpr std::string_view kAdmin = "scalegraph.ledger.AdminService";
constexpr std::string_view kCluster = "scalegraph.ledger.ClusterService";
constexpr std::string_view kHealth = "grpc.health.v1.Health";
constexpr std::string_view kReflection = "grpc.reflection.v1.ServerReflection";
constexpr std::string_view kReflectionAlpha = "grpc.reflection.v1alpha.ServerReflection";

// Methods stand in the order of proto/ledger.proto. Both versions of reflection have the same
// messages and share a kind of call.
constexpr std::array kMethods{
    Method{kParticipants, "CreateParticipant", kWrites, make<UnaryCall>, create_participant},
    Method{kParticipants, "GetParticipant", kReads, make<UnaryCall>, get_participant},
    Method{kParticipants, "ListParticipants", kReads, make<UnaryCall>, list_participants},
    Method{kParticipants, "CreateParticipantAccount", kWrites, make<UnaryCall>,
           create_participant_account},
    Method{kParticipants, "GetParticipantAccounts", kReads, make<UnaryCall>,
           get_participant_accounts},

    Method{kLedger, "CreateAccount", kWrites, make<UnaryCall>, create_account},
    Method{kLedger, "GetAccount", kReads, make<UnaryCall>, get_account},
    Method{kLedger, "GetBalance", kReads, make<UnaryCall>, get_balance},
    Method{kLedger, "Credit", kWrites, make<UnaryCall>, credit},
    Method{kLedger, "Debit", kWrites, make<UnaryCall>, debit},
    Method{kLedger, "Transfer", kWrites, make<UnaryCall>, transfer},
    Method{kLedger, "ListTransactions", kReads, make<UnaryCall>, list_transactions},
    Method{kLedger, "GetTransaction", kReads, make<UnaryCall>, get_transaction},
    Method{kLedger, "TransferBatch", kWrites, make<UnaryCall>, transfer_batch},
    Method{kLedger, "StreamTransfers", kWrites, make<StreamCall>},

    Method{kAdmin, "ListAccounts", kReads, make<UnaryCall>, list_accounts},
    Method{kAdmin, "GetTree", kReads, make<UnaryCall>, get_tree},
    Method{kAdmin, "Verify", kReads, make<VerifyCall>},
    Method{kAdmin, "GetBalanceSheet", kReads, make<UnaryCall>, get_balance_sheet},

    Method{kCluster, "Init", kReads, make<UnaryCall>, init_cluster},
    Method{kCluster, "GetCluster", kReads, make<UnaryCall>, get_cluster},
    Method{kCluster, "TransferLeadership", kReads, make<UnaryCall>, transfer_leadership},

    Method{kHealth, "Check", kProbes, make<UnaryCall>, check_health},
    Method{kHealth, "Watch", kProbes, make<WatchCall>},

    Method{kReflection, "ServerReflectionInfo", kReads, make<ReflectionCall>},
    Method{kReflectionAlpha, "ServerReflectionInfo", kReads, make<ReflectionCall>},
};

}  // namespace

std::span<const Method> methods() {
  // A use of each generated file links it in. Its registered descriptors are how services are
  // found.
  scalegraph::ledger::Transaction::descriptor();
  grpc::health::v1::HealthCheckRequest::descriptor();
  grpc::reflection::v1::ServerReflectionRequest::descriptor();
  grpc::reflection::v1alpha::ServerReflectionRequest::descriptor();
  return kMethods;
}

}  // namespace sg::actors
