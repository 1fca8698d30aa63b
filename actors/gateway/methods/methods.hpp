// The table of all methods that the server serves: the one place that says which service and method
// has which effect, which kind of call, and which handler.
#pragma once

#include <span>

#include "actors/gateway/transport/method.hpp"

namespace sg::actors {

// One row for each method. If a row names a service, each of that service's methods has a row. The
// rows live as long as the process. Without reflection its services are left out.
std::span<const Method> methods(bool with_reflection = true);

}  // namespace sg::actors
