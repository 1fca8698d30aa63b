// What each unary method does with its request: one function a method, found by its full name.
#pragma once

#include <string_view>

#include "actors/gateway/transport/rpc_server.hpp"

namespace sg::actors {

// Needs: `full_name` is a unary method of one of the services
// ("scalegraph.ledger.LedgerService.Transfer").
UnaryHandler unary_handler(std::string_view full_name);

// Those that change the ledger, by the method's name; nullptr for others.
UnaryHandler write_handler(std::string_view name);
// Those that read it.
UnaryHandler read_handler(std::string_view name);

}  // namespace sg::actors
