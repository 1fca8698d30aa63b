// The rows of the table of methods (methods.cpp): what the server needs to know to serve one
// method.
//
//   Method{"scalegraph.ledger.LedgerService", "Credit", Effect::writes, Permission::move_money,
//          make<UnaryCall>, credit}
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "security/roles.hpp"
#include "telemetry/metrics.hpp"

namespace sg::actors {

class Call;
class RawService;
class RpcServer;
class UnaryCall;

// Starts the work on a unary request. It may answer at once, or leave that to a later event on the
// gateway's thread.
using UnaryHandler = void (*)(UnaryCall& call);

// What a method does to the ledger. It decides how its errors are told and whether it is admitted.
enum class Effect : std::uint8_t {
  reads,   // changes nothing
  writes,  // its errors carry an outcome
  probes,  // health checks: answered however much is in flight
};

struct Served;

struct Method {
  // Makes the call that waits for the method's next client.
  using MakeCall = std::unique_ptr<Call> (*)(RpcServer& server, std::uint64_t id,
                                             const Served& served);

  std::string_view service;  // full name: "scalegraph.ledger.LedgerService"
  std::string_view name;     // "Credit"
  Effect effect = Effect::reads;
  security::Permission permission = security::Permission::operate;  // what its caller needs
  MakeCall make_call = nullptr;
  UnaryHandler handler = nullptr;  // null for a method that streams
};

// A method, and the place that gRPC knows it by.
struct Served {
  const Method& method;
  RawService& service;
  int index = 0;  // in the service's descriptor
  telemetry::MethodCalls& calls;
};

}  // namespace sg::actors
