#include "persistence/rocks/rocks_log.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/temp_directory.hpp"

namespace sg::persistence::test {
namespace {

constexpr std::uintmax_t kMostBytes = 1 << 20;
constexpr int kLines = 3000;

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("RocksDB's log keeps its newest lines, in two files of bounded size") {
  const sg::test::TempDirectory directory;
  const auto log = make_rocks_log(directory.path());
  const std::string padding(1000, 'x');
  for (int i = 0; i < kLines; ++i) rocksdb::Warn(log, "line %d %s", i, padding.c_str());
  const auto newest = directory.path() / "LOG";
  const auto older = directory.path() / "LOG.old";
  CHECK(read(newest).find("line " + std::to_string(kLines - 1) + " ") != std::string::npos);
  CHECK(std::filesystem::file_size(newest) <= kMostBytes);
  CHECK(std::filesystem::file_size(older) <= kMostBytes);
  CHECK(std::filesystem::file_size(older) > kMostBytes / 2);
}

}  // namespace sg::persistence::test
