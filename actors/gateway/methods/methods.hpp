// The table of all methods that the server serves.
#pragma once

#include <span>

#include "actors/gateway/transport/method.hpp"

namespace sg::actors {

// One row a method. A service may be named only if each of its methods has a row.
std::span<const Method> methods();

}  // namespace sg::actors
