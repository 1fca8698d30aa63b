// The part of a verification that looks at sealed keys: seals are numbered without a gap, no key is
// sealed twice, and no transfer has a key that was sealed before it.
//
// Not thread-safe. Limits: about 20 bytes for each seal.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <string>
#include <vector>

#include "persistence/chain/block_reader.hpp"
#include "persistence/medium/key_value.hpp"

namespace sg::persistence {

class SealVerifier {
 public:
  // To be called with each record that has a key, in the order of the chain. Appends to `problems`
  // what is wrong.
  void check(const KeyValue& rows, const DecodedRecord& record, std::vector<std::string>& problems);
  // A record cannot be read: how many seals there are is not known before the next one.
  void lose_record() { is_complete_ = false; }

 private:
  // The seal of the record's key, or 0.
  Sequence seal_of(const KeyValue& rows, const DecodedRecord& record, std::uint64_t hash) const;

  absl::flat_hash_map<std::uint64_t, Sequence> seals_;  // by hash of the key; of two the first
  std::uint64_t count_ = 0;
  bool is_complete_ = true;
};

}  // namespace sg::persistence
