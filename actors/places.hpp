// A fixed number of places for costly work. Whoever holds a place gives it back by dropping it, so
// no exception, lost message or dead actor keeps one.
#pragma once

#include <atomic>
#include <memory>

namespace sg::actors {

// Thread-safe. Places may outlive the object that gave them.
class Places {
 public:
  explicit Places(int count) : free_(std::make_shared<std::atomic<int>>(count)) {}

  // One place, given back with the last copy of the pointer.
  using Place = std::shared_ptr<const void>;

  // Null when every place is taken.
  Place take() {
    if (free_->fetch_sub(1) > 0)
      return Place(free_.get(), [free = free_](const void*) { ++*free; });
    ++*free_;
    return nullptr;
  }

 private:
  std::shared_ptr<std::atomic<int>> free_;
};

}  // namespace sg::actors
