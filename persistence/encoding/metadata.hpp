// Metadata as blocks and rows hold it: n:varint (text(key) text(value)){n}, by key.
#pragma once

#include "ledger/account.hpp"
#include "persistence/encoding/bytes.hpp"

namespace sg::persistence {

// Fails the reader when the keys are not in order, or one stands twice.
inline void read_metadata(ByteReader& in, ledger::Metadata& into) {
  into.clear();
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const auto key = in.text();
    const auto value = in.text();
    if (!into.empty() && key <= into.rbegin()->first) in.fail();
    if (in.ok()) into.emplace_hint(into.end(), key, value);
  }
}

}  // namespace sg::persistence
