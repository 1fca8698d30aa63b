// Assertions that stay on in the released program, since they cost nothing that can be measured.
//
//   invariant(account.held >= amount, "a debit lock is released that was not granted");
//
// A broken one is a bug of this program, and to go on could move money that is not there. It
// throws: the actor ends, its callers are told "outcome unknown", and its supervisor starts it anew
// from the durable state. They come in pairs: what a writer guarantees, the reader checks.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace sg::ledger {

struct BrokenInvariant : std::logic_error {
  explicit BrokenInvariant(const char* what) : logic_error(std::string("broken: ") + what) {}
};

// Throws. Apart from invariant(), so that a check is one compare and one call that is never made.
[[noreturn, gnu::cold]] void broken(const char* what);

// How many were broken since the process began. From any thread.
std::uint64_t invariants_broken();

inline void invariant(bool holds, const char* what) {
  if (!holds) [[unlikely]] {
    broken(what);
  }
}

}  // namespace sg::ledger
