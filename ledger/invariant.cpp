#include "ledger/invariant.hpp"

#include <atomic>

namespace sg::ledger {
namespace {

std::atomic<std::uint64_t> count{0};

}  // namespace

void broken(const char* what) {
  count.fetch_add(1, std::memory_order_relaxed);
  throw BrokenInvariant(what);
}

std::uint64_t invariants_broken() { return count.load(std::memory_order_relaxed); }

}  // namespace sg::ledger
