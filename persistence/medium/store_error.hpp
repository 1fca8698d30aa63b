// The errors of the store and of the database below it.
//
//   StoreResult<int> read();             // an int, or why there is none
//   auto value = read();
//   if (!value) return tl::unexpected(value.error());
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

namespace sg::persistence {

// What kind of failure it is. Callers decide by this; the text is for people.
enum class StoreFault : std::uint8_t {
  corrupt,          // a block, a checkpoint or a file fails its check
  lost_tail,        // acknowledged records are missing: the high-water mark is past the chain's end
  unknown_version,  // the store was written in another version of the format
  permissions,      // this user may not read or write a file
  locked,           // another process has the store open
  no_space,         // the disk, a quota or a file size limit is exhausted
  io,               // any other failure
  building,         // an index is still being built; nothing is wrong
};

// Why an operation of the store failed.
struct [[nodiscard]] StoreError {
  StoreFault fault = StoreFault::io;
  std::string message;  // what is damaged, where, and what to do
};

// A value, or the reason why there is none.
template <class T>
using StoreResult = tl::expected<T, StoreError>;

}  // namespace sg::persistence
