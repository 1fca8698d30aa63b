// Why the store, or what lies below it, could not do something.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

namespace sg::persistence {

enum class StoreFault : std::uint8_t {
  corrupt,          // a block, checkpoint or file fails its check
  lost_tail,        // acknowledged records are missing (head file ahead of the chain)
  unknown_version,  // written by another version of the format
  permissions,
  locked,  // another process has it
  no_space,
  io,
};

struct [[nodiscard]] StoreError {
  StoreFault fault = StoreFault::io;
  std::string message;  // what is damaged, where, and what to do
};

template <class T>
using StoreResult = tl::expected<T, StoreError>;

}  // namespace sg::persistence
