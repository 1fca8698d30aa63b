// Where the memory of large and small containers lies.
#include "containers/huge_pages.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

using sg::ledger::HugePageAllocator;

namespace {

constexpr std::size_t kPageBytes = 2 << 20;

using Numbers = std::vector<std::uint64_t, HugePageAllocator<std::uint64_t>>;

std::uintptr_t address_of(const Numbers& numbers) {
  return reinterpret_cast<std::uintptr_t>(numbers.data());
}

// The kernel was told so of the memory at this address; man 5 proc, VmFlags in smaps.
bool asks_for_huge_pages(std::uintptr_t address) {
  std::ifstream maps("/proc/self/smaps");
  bool is_there = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    char dash = 0;
    std::istringstream range(line);
    if (range >> std::hex >> begin >> dash >> end && dash == '-') {
      is_there = begin <= address && address < end;
    } else if (is_there && line.rfind("VmFlags:", 0) == 0) {
      return (line + " ").find(" hg ") != std::string::npos;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("A large container stands on whole huge pages, and keeps what is in it as it grows") {
  Numbers numbers;
  const std::size_t count = 3 * kPageBytes / sizeof(std::uint64_t) + 1;
  for (std::uint64_t i = 0; i < count; ++i) numbers.push_back(i);
  CHECK(address_of(numbers) % kPageBytes == 0);
  if (std::filesystem::exists("/sys/kernel/mm/transparent_hugepage")) {
    CHECK(asks_for_huge_pages(address_of(numbers)));
  }
  bool is_kept = true;
  for (std::uint64_t i = 0; i < count; ++i) is_kept = is_kept && numbers[i] == i;
  CHECK(is_kept);
  const Numbers copy = numbers;
  CHECK(copy == numbers);
}

TEST_CASE("A small container is left to the default") {
  struct alignas(64) Line {
    std::uint64_t words[8] = {};
  };
  const std::vector<Line, HugePageAllocator<Line>> lines(5);
  CHECK(reinterpret_cast<std::uintptr_t>(lines.data()) % alignof(Line) == 0);
  CHECK_FALSE(asks_for_huge_pages(reinterpret_cast<std::uintptr_t>(lines.data())));
}
