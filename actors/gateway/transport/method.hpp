// A method of a service as the server serves it: one row of the table that it is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace sg::actors {

class Call;
class RawService;
class RpcServer;
class UnaryCall;

// Starts the work on a unary request. The call is answered later, on the gateway's thread.
using UnaryHandler = void (*)(UnaryCall& call);

// What a method does to the ledger.
enum class Effect : std::uint8_t {
  reads,
  writes,  // its errors tell an outcome
  probes,  // answered however much is in flight
};

struct Served;

struct Method {
  // Makes the call that waits for the method's next client.
  using MakeCall = std::unique_ptr<Call> (*)(RpcServer& server, std::uint64_t id,
                                             const Served& served);

  std::string_view service;  // full name: "scalegraph.ledger.LedgerService"
  std::string_view name;
  Effect effect = Effect::reads;
  MakeCall make_call = nullptr;
  UnaryHandler handler = nullptr;  // of a unary method
};

// A method, and where gRPC has it.
struct Served {
  const Method& method;
  RawService& service;
  int index = 0;  // in the service's descriptor
};

}  // namespace sg::actors
