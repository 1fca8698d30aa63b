// scalegraphd --verify: checks a store that no server has open. The whole chain is read, and all
// derived data is compared with it.
#pragma once

#include "persistence/store.hpp"

namespace sg::actors {

// Prints the report on standard output and returns whether the store is whole. While it runs, it
// prints progress on standard error if that is a terminal. Errors of reading go to standard error;
// they return false.
bool verify_offline(const persistence::Store& store);

}  // namespace sg::actors
