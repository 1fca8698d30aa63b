// An allocator that asks the kernel for huge pages, for large tables with random access. A look-up
// in such a table misses the cache. With small pages it also misses the TLB, and waits a second
// time for the address of the page. Huge pages avoid the second wait.
//
//   std::vector<Account, HugePageAllocator<Account>> accounts;
//
// Limitations. The kernel may have no huge page to give; the memory then has small pages and works
// the same. Large allocations are rounded up to whole huge pages. Thread-safe, like malloc().
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace sg::ledger {

// An allocator for the containers of the standard library. All instances are equal. Allocations
// smaller than a huge page come from operator new, as by default.
template <class T>
class HugePageAllocator {
 public:
  using value_type = T;

  HugePageAllocator() = default;
  // Containers convert an allocator to another type of element.
  template <class Other>
  HugePageAllocator(const HugePageAllocator<Other>&) {}  // NOLINT(google-explicit-constructor)

  // Returns memory for `count` elements, aligned for T. Throws std::bad_alloc if there is none.
  [[nodiscard]] T* allocate(std::size_t count) {
    const auto bytes = count * sizeof(T);
    if (bytes < kPageBytes) return static_cast<T*>(::operator new(bytes, kAlignment));
    // Round up: the kernel uses a huge page only where the whole of it belongs to us.
    const auto whole = (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
    void* memory = std::aligned_alloc(kPageBytes, whole);
    if (memory == nullptr) throw std::bad_alloc();
    // Advice only: if the kernel refuses it, the memory is usable all the same.
    (void)madvise(memory, whole, MADV_HUGEPAGE);
    return static_cast<T*>(memory);
  }
  // Needs the `count` of the allocate() that returned `memory`.
  void deallocate(T* memory, std::size_t count) {
    if (count * sizeof(T) < kPageBytes) return ::operator delete(memory, kAlignment);
    std::free(memory);
  }

  friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) { return true; }

 private:
  static constexpr std::size_t kPageBytes = 2 << 20;  // a huge page of x86-64 is 2 MiB
  static constexpr std::align_val_t kAlignment{alignof(T)};
};

}  // namespace sg::ledger
