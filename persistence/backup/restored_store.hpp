// A store that is being made from a backup: blocks are appended as they are, and what is derived
// from them is written beside them. In the end it is a store that stands alone, with a checkpoint.
//
// Nothing is durable before finish(): a store that is not finished is thrown away.
//
// Not thread-safe, but for work on the indexes (Store::index_some), which one other thread may do.
#pragma once

#include <memory>
#include <vector>

#include "persistence/chain_store.hpp"

namespace sg::persistence {

class RestoredStore final : public ChainStore {
 public:
  RestoredStore(std::unique_ptr<Medium> medium, const StoreOptions& options)
      : ChainStore(std::move(medium), options) {}

  // `corrupt` if the blocks do not follow. Nothing of them is written then.
  StoreResult<void> take(const ChainCopy& chain);
  // Indexes all, takes a checkpoint, and makes everything durable.
  StoreResult<void> finish();

 private:
  std::vector<Amount> balances_;  // by account number
};

}  // namespace sg::persistence
