// The part of a verification that looks at reversals: each takes back a transaction that stands
// before it, no account more than was left there, and it tells rightly what it leaves. So no two
// have gone on from the same state of one transaction.
//
// Not thread-safe. Limits: about 20 bytes for each transaction that was taken back, in full or in
// part. For each reversal one block before it is read.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <optional>
#include <string>
#include <vector>

#include "ledger/reversal.hpp"
#include "persistence/chain/block_cursor.hpp"

namespace sg::persistence {

class ReversalVerifier {
 public:
  // To be called with each transaction, in the order of the chain. `blocks` reads earlier ones.
  // Appends to `problems` what is wrong.
  void check(BlockCursor& blocks, const DecodedRecord& record, std::vector<std::string>& problems);
  // A record cannot be read: it may have been a reversal, so nothing more is known of any.
  void lose_record() { is_complete_ = false; }

 private:
  // What was left before the reversal. Nullopt: `problem` says why it is not known, or the walk has
  // reported it.
  std::optional<ledger::Remainder> before(BlockCursor& blocks, const ledger::Details& details,
                                          Sequence reversal, std::string& problem) const;

  absl::flat_hash_map<Sequence, Sequence> newest_;  // reversal, by what it takes back
  bool is_complete_ = true;
};

}  // namespace sg::persistence
