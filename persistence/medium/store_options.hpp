// What an operator may set of a store.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sg::persistence {

struct StoreOptions {
  std::uint64_t max_wal_bytes = 256ULL << 20;
  std::uint64_t block_cache_bytes = 64ULL << 20;
  std::size_t index_chunk = 500'000;  // postings and keys of one run of the indexes
  // Postings and keys that may wait in memory to be indexed: at half of them groups begin later,
  // with all of them nothing more is taken.
  std::size_t index_backlog = 8'000'000;
  std::int64_t key_retention_ms = 24LL * 3'600'000;  // of time that servers ran
};

}  // namespace sg::persistence
