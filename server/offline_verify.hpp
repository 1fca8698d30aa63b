// scalegraphd --verify: checks a store that no server has open.
#pragma once

#include "persistence/store.hpp"

namespace sg::actors {

// Prints progress on a terminal and the report; true when the store is whole.
bool verify_offline(const persistence::Store& store);

}  // namespace sg::actors
