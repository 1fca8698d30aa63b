#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "persistence/rocks/rocks_key_value.hpp"
#include "tests/persistence/bed.hpp"

namespace sg::persistence::test {
namespace {

namespace fs = std::filesystem;

constexpr int kRows = 100;
constexpr std::size_t kBlockBytes = 32 << 10;
// Before a row's key in the WAL: the record's header, the batch's, and three bytes of the row's.
constexpr std::size_t kBeforeKey = 7 + 12 + 3;
constexpr std::size_t kLengthBytes = 3;  // of a value of 16 KiB and more

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class WalBed {
 public:
  WalBed() : paths_{directory_.path() / "db", directory_.path() / "ingest"} {
    fs::create_directory(paths_.ingest);
    succeeded(create_rocks(paths_, {}, {}));
    open();
  }

  void open() {
    rows_.reset();
    rows_ = value_of(open_rocks(paths_, Access::read_write, {}));
  }
  void write(const std::string& key, const std::string& value, bool sync = true,
             Family family = Family::meta) {
    const auto batch = rows_->new_batch();
    batch->put(family, key, value);
    succeeded(rows_->write(*batch, sync));
  }
  // Opens the files as they are now, as if the process had ended and left them.
  void open_after_crash() {
    open_after_crash([](const fs::path&) {});
  }
  template <class Change>
  void open_after_crash(Change change_wal) {
    crash(change_wal);
    open();
  }
  // The same; it may be refused.
  template <class Change>
  StoreResult<std::unique_ptr<KeyValue>> try_open_after_crash(Change change_wal) {
    crash(change_wal);
    return open_rocks(paths_, Access::read_write, {});
  }
  bool has(const std::string& key) const {
    return value_of(rows_->get(Family::meta, key)).has_value();
  }
  fs::path wal() const {
    fs::path found;
    for (const auto& entry : fs::directory_iterator(paths_.database)) {
      if (entry.path().extension() == ".log" && entry.path() > found) found = entry.path();
    }
    return found;
  }

 private:
  template <class Change>
  void crash(Change change_wal) {
    const auto copy = directory_.path() / "copy";
    fs::create_directory(copy);
    for (const auto& entry : fs::directory_iterator(paths_.database)) {
      // RocksDB cuts and removes what it does not need any more: read what there is.
      std::ifstream from(entry.path(), std::ios::binary);
      if (!from) continue;
      std::ofstream(copy / entry.path().filename(), std::ios::binary)
          << std::string(std::istreambuf_iterator<char>(from), {});
    }
    rows_.reset();
    fs::remove_all(paths_.database);
    fs::rename(copy, paths_.database);
    change_wal(wal());
  }

  sg::test::TempDirectory directory_;
  RocksPaths paths_;
  std::unique_ptr<KeyValue> rows_;
};

// Writes rows until RocksDB begins another WAL file. Returns the key of the last row in the first.
std::string fill_a_wal(WalBed& bed) {
  const auto older = bed.wal();
  const std::string much(1 << 20, 'm');
  bed.write("first", "row", true, Family::blocks);  // its family is not flushed: the file stays
  for (int i = 0; bed.wal() == older; ++i) {
    REQUIRE(i < kRows);
    // The write that begins a new file goes into that file.
    bed.write("filler " + std::to_string(i), much, false);
    bed.write("last of " + std::to_string(i), "row", false);
  }
  for (int i = kRows; i >= 0; --i) {
    const auto key = "last of " + std::to_string(i);
    if (content(older).find(key) != std::string::npos) return key;
  }
  FAIL("no row in the older WAL");
  return {};
}

std::size_t offset_of(const fs::path& wal, const std::string& key) {
  const auto at = content(wal).find(key);
  REQUIRE(at != std::string::npos);
  return at - kBeforeKey;
}

}  // namespace

TEST_CASE("Small synced writes go into zeros that are there, so the WAL does not grow with each") {
  WalBed bed;
  bed.write("first", "row");
  const auto size = fs::file_size(bed.wal());
  for (int i = 0; i < kRows; ++i) bed.write(std::to_string(i), std::string(1000, 'x'));
  CHECK(fs::file_size(bed.wal()) == size);
}

TEST_CASE("After a crash everything written is there, whatever its size") {
  WalBed bed;
  for (int i = 0; i < kRows; ++i) {
    bed.write(std::to_string(i), std::string(i % 7 == 0 ? 100'000 : 500, 'x'));
  }
  bed.open_after_crash();
  for (int i = 0; i < kRows; ++i) CHECK(bed.has(std::to_string(i)));
}

TEST_CASE("A WAL that is closed ends with its last record") {
  WalBed bed;
  bed.write("first", "row");
  const auto wal = bed.wal();
  const auto kept = wal.parent_path() / "kept";
  fs::create_hard_link(wal, kept);
  bed.open();
  CHECK(fs::file_size(kept) < 1000);
}

// RocksDB goes on with the next block of the WAL when it finds zeros.
TEST_CASE("A row is not there without the one before it, if a power loss kept its pages only") {
  WalBed bed;
  bed.write("before", "row");
  bed.write("lost", "", false);
  const auto lost = offset_of(bed.wal(), "lost");
  const auto filler = kBlockBytes - (lost + kBeforeKey + 5) - (kBeforeKey + 6 + kLengthBytes);
  bed.write("filler", std::string(filler, 'f'), false);
  bed.write("after", "row", false);
  REQUIRE(offset_of(bed.wal(), "after") == kBlockBytes);
  SECTION("nothing is lost") {
    bed.open_after_crash([](const fs::path&) {});
    CHECK(bed.has("lost"));
    CHECK(bed.has("after"));
  }
  SECTION("the pages before it are") {
    bed.open_after_crash([lost](const fs::path& wal) {
      std::fstream file(wal, std::ios::binary | std::ios::in | std::ios::out);
      file.seekp(static_cast<std::streamoff>(lost));
      file << std::string(kBlockBytes - lost, '\0');
    });
    CHECK(bed.has("before"));
    CHECK_FALSE(bed.has("lost"));
    CHECK_FALSE(bed.has("after"));
    bed.write("later", "row");
    bed.open_after_crash();
    CHECK(bed.has("later"));
  }
}

// With a clean end in the older one RocksDB would go on with the younger.
TEST_CASE("No row of a younger WAL is there without those that an older one lost in its middle") {
  WalBed bed;
  bed.write("lost", "row", false, Family::blocks);
  const auto older = bed.wal();
  const std::string much(1 << 20, 'm');
  for (int i = 0; bed.wal() == older; ++i) {
    REQUIRE(i < kRows);
    bed.write(std::to_string(i), much, false);
  }
  bed.write("late", "row", false, Family::blocks);
  const auto opened = bed.try_open_after_crash([&older](const fs::path& younger) {
    REQUIRE(younger != older);
    const auto lost = offset_of(older, "lost");
    std::fstream file(older, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(lost));
    file << std::string(kBeforeKey + 8, '\0');
  });
  if (opened) CHECK_FALSE(value_of((*opened)->get(Family::blocks, "late")).has_value());
}

// The reader took the zeros for a clean end and went on: a checkpoint's marker was there without
// its pages.
TEST_CASE("No row of a younger WAL is there without those that an older one lost at its end") {
  WalBed bed;
  const auto older = bed.wal();
  const auto last = fill_a_wal(bed);
  bed.write("late", "row", false, Family::blocks);
  const auto opened = bed.try_open_after_crash([&](const fs::path& younger) {
    REQUIRE(younger != older);
    const auto lost = offset_of(older, last);
    std::fstream file(older, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(lost));
    file << std::string(fs::file_size(older) - lost, '\0');
  });
  if (opened) {
    CHECK_FALSE(value_of((*opened)->get(Family::blocks, "late")).has_value());
  } else {
    CHECK(static_cast<int>(opened.error().fault) == static_cast<int>(StoreFault::corrupt));
  }
}

TEST_CASE("An older WAL that was not closed, with zeros at its end, loses nothing") {
  WalBed bed;
  const auto older = bed.wal();
  const auto last = fill_a_wal(bed);
  std::vector<std::string> there{last, "filler 0"};
  SECTION("the younger one has rows") {
    bed.write("late", "row", false);
    there.emplace_back("late");
    bed.open_after_crash([&](const fs::path&) {
      std::ofstream(older, std::ios::binary | std::ios::app) << std::string(1000, '\0');
    });
  }
  SECTION("the younger one has none yet") {
    bed.open_after_crash([&](const fs::path& younger) {
      REQUIRE(younger != older);
      std::ofstream(older, std::ios::binary | std::ios::app) << std::string(1000, '\0');
      const auto size = fs::file_size(younger);
      fs::resize_file(younger, 0);
      fs::resize_file(younger, size);
    });
  }
  // A header was enough to take the older one's end for a hole: a healthy store was refused.
  SECTION("the younger one has a part of its first record, and nobody was told of it") {
    bed.write("late", std::string(200'000, 'x'), false);
    const auto cut = GENERATE(20, 40'000, 150'000);
    CAPTURE(cut);
    bed.open_after_crash([&](const fs::path& younger) {
      REQUIRE(younger != older);
      std::ofstream(older, std::ios::binary | std::ios::app) << std::string(1000, '\0');
      fs::resize_file(younger, static_cast<std::uintmax_t>(cut));
    });
    CHECK_FALSE(bed.has("late"));
  }
  for (const auto& key : there) CHECK(bed.has(key));
}

}  // namespace sg::persistence::test
