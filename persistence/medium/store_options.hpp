// The settings of a store that an operator may change, and who is told of its opening.
#pragma once

#include <cstddef>
#include <cstdint>

#include "persistence/medium/opening_progress.hpp"

namespace sg::persistence {

struct StoreOptions {
  // The write-ahead log may grow to about this many bytes before RocksDB writes tables.
  std::uint64_t max_wal_bytes = 256ULL << 20;
  std::uint64_t block_cache_bytes = 64ULL << 20;  // RocksDB's cache of table blocks
  std::size_t index_chunk = 500'000;  // so many postings and keys become a run of each index
  // Postings and keys that may wait in memory to be indexed. From half of it on, new groups are
  // delayed so that the indexer can catch up. At all of it, commits are refused.
  std::size_t index_backlog = 8'000'000;
  // How long idempotency keys are kept, in ms of time that servers ran on this store.
  std::int64_t key_retention_ms = 24LL * 3'600'000;
  // Of a new store's links (index/keyed_hash.hpp). 0: a random one; another for runs that repeat.
  std::uint64_t link_secret = 0;
  OpeningListener opening_progress{};  // empty: nobody is told
};

}  // namespace sg::persistence
