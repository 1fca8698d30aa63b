// Memory of large tables in huge pages: a look-up that goes to memory anyway then does not wait for
// the page's translation as well. Where the kernel has none to give, pages are small as ever.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace sg::ledger {

// For the containers of the standard library. Below the size of a huge page it is their default.
template <class T>
class HugePageAllocator {
 public:
  using value_type = T;

  HugePageAllocator() = default;
  template <class Other>
  HugePageAllocator(const HugePageAllocator<Other>&) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] T* allocate(std::size_t count) {
    const auto bytes = count * sizeof(T);
    if (bytes < kPageBytes) return static_cast<T*>(::operator new(bytes, kAlignment));
    // To the end of the last page: the kernel gives whole ones.
    const auto whole = (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
    void* memory = std::aligned_alloc(kPageBytes, whole);
    if (memory == nullptr) throw std::bad_alloc();
    (void)madvise(memory, whole, MADV_HUGEPAGE);
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) {
    if (count * sizeof(T) < kPageBytes) return ::operator delete(memory, kAlignment);
    std::free(memory);
  }

  friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) { return true; }

 private:
  static constexpr std::size_t kPageBytes = 2 << 20;
  static constexpr std::align_val_t kAlignment{alignof(T)};
};

}  // namespace sg::ledger
