#include "ledger/invariant.hpp"

namespace sg::ledger {

void broken(const char* what) { throw BrokenInvariant(what); }

}  // namespace sg::ledger
