// A script of random words played on a house: each word is one step, drawn from the word alone, so
// a failing script still means the same after steps were left out of it.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/ledger/serial_check.hpp"

namespace sg::test {

using Script = std::vector<std::uint32_t>;

enum class Crashes : bool { none, any };

// Plays the script, then lets everything come to rest; the breaches of what must hold.
Faults play(const Script& script, Crashes crashes);

}  // namespace sg::test
