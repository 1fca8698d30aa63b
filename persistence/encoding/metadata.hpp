// How blocks and rows hold the metadata of accounts and participants:
//
//   metadata := n:varint (text(key) text(value)){n}     sorted by key
#pragma once

#include "ledger/account.hpp"
#include "persistence/encoding/bytes.hpp"

namespace sg::persistence {

// Reads the metadata into an empty map; earlier contents of `into` are dropped. Fails the reader if
// the keys are not strictly ascending: then equal metadata always has equal bytes.
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
