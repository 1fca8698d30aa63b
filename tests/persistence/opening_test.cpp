// What an opening does with a store that is damaged, old, locked or out of reach. Every refusal
// leaves the files as they were.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>

#include "bed.hpp"
#include "persistence/chain/block_reader.hpp"
#include "persistence/chain/format.hpp"
#include "persistence/encoding/bytes.hpp"

namespace sg::persistence::test {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

std::vector<fs::path> database_files(const fs::path& store, std::string_view like) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(store / "db")) {
    if (entry.path().filename().string().find(like) != std::string::npos) {
      found.push_back(entry.path());
    }
  }
  return found;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

void flip(const fs::path& path, std::size_t at) {
  auto bytes = read_file(path);
  REQUIRE(at < bytes.size());
  bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
  write_file(path, bytes);
}

// The newest WAL with something in it.
fs::path wal_of(const fs::path& store) {
  fs::path largest;
  for (const auto& path : database_files(store, ".log")) {
    if (largest.empty() || fs::file_size(path) > fs::file_size(largest)) largest = path;
  }
  REQUIRE(fs::file_size(largest) > 0);
  return largest;
}

void fill(Bed& store, int transfers = 100) {
  store.create_account("a", 1'000'000);
  store.create_account("b", 0);
  for (int i = 0; i < transfers; ++i) store.transfer({{{0, -1}, {1, 1}}, "reference"});
}

struct Damage {
  std::string name;
  std::function<void(const fs::path&)> make;
  StoreFault fault;
  std::string says;
};

const std::vector<Damage>& damages() {
  static const std::vector<Damage> all{
      {"WAL cut in half",
       [](const fs::path& s) { fs::resize_file(wal_of(s), fs::file_size(wal_of(s)) / 2); },
       StoreFault::lost_tail, "were acknowledged, but the chain ends at"},
      {"WAL without its last 3 bytes",
       [](const fs::path& s) { fs::resize_file(wal_of(s), fs::file_size(wal_of(s)) - 3); },
       StoreFault::lost_tail, "up to sequence 102 were acknowledged, but the chain ends at 101"},
      {"bit flipped in the WAL",
       [](const fs::path& s) { flip(wal_of(s), fs::file_size(wal_of(s)) / 2); },
       StoreFault::lost_tail, "the chain ends at"},
      {"WAL deleted", [](const fs::path& s) { fs::remove(wal_of(s)); }, StoreFault::lost_tail,
       "the chain ends at 0"},
      {"database deleted", [](const fs::path& s) { fs::remove_all(s / "db"); },
       StoreFault::lost_tail, "the database is missing"},
      {"MANIFEST damaged",
       [](const fs::path& s) {
         for (const auto& path : database_files(s, "MANIFEST")) flip(path, 20);
       },
       StoreFault::corrupt, "restore the store from a copy"},
      {"MANIFEST deleted",
       [](const fs::path& s) {
         for (const auto& path : database_files(s, "MANIFEST")) fs::remove(path);
       },
       StoreFault::corrupt, "MANIFEST"},
      {"CURRENT deleted", [](const fs::path& s) { fs::remove(s / "db" / "CURRENT"); },
       StoreFault::corrupt, "CURRENT"},
      {"mark damaged", [](const fs::path& s) { flip(s / "head", 12); }, StoreFault::corrupt,
       "fails its checksum"},
      {"mark deleted", [](const fs::path& s) { fs::remove(s / "head"); }, StoreFault::corrupt,
       "`head`) is missing"},
  };
  return all;
}

void check_refused(Bed& store, StoreFault fault, const std::string& says) {
  const auto before = files_under(store.directory());
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto opened = store.try_open();
    REQUIRE_FALSE(opened.has_value());
    CHECK(static_cast<int>(opened.error().fault) == static_cast<int>(fault));
    CHECK_THAT(opened.error().message, Contains(says));
  }
  CHECK(files_under(store.directory()) == before);
}

// In a child process, since the lock and the user are the process's.
int exit_code_of(const std::function<int()>& run) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(run());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("A damaged store is refused, with what is damaged, and left as it is") {
  for (const auto& damage : damages()) {
    DYNAMIC_SECTION(damage.name) {
      Bed store(Backend::rocksdb);
      fill(store);
      store.close();
      damage.make(store.directory());
      check_refused(store, damage.fault, damage.says);
    }
  }
}

TEST_CASE("A damaged table file is refused when the chain's end lies in it") {
  Bed store(Backend::rocksdb);
  fill(store);
  store.open();  // recovery moves the WAL into tables
  store.close();
  const auto tables = database_files(store.directory(), ".sst");
  REQUIRE_FALSE(tables.empty());
  SECTION("a byte in every table") {
    for (const auto& table : tables) flip(table, 10);
    check_refused(store, StoreFault::corrupt, "restore the store from a copy");
  }
  SECTION("tables deleted") {
    for (const auto& table : tables) fs::remove(table);
    check_refused(store, StoreFault::corrupt, "restore the store from a copy");
  }
}

TEST_CASE(
    "A block changed near the chain's end is named at the opening, one further back by verify") {
  Bed store(Backend::rocksdb);
  fill(store);
  store.close();
  const auto flip_block = [&](Sequence first) {
    edit_rows(store.directory(), [&](KeyValue& rows) {
      auto bytes = *value_of(rows.get(Family::blocks, be64(first)));
      bytes[kHeaderBytes + 3] = static_cast<char>(bytes[kHeaderBytes + 3] ^ 1);
      put(rows, Family::blocks, be64(first), bytes);
    });
  };
  SECTION("near the end") {
    flip_block(90);
    check_refused(store, StoreFault::corrupt, "block 90 ");
  }
  SECTION("not near the end, but not indexed either") {
    flip_block(9);
    check_refused(store, StoreFault::corrupt, "block 9 ");
  }
  SECTION("further back") {
    store.open();
    store.index_all();
    const BalancePage page{0, 102, {999'900, 100}};
    succeeded(store->write_balances({&page, 1}));
    succeeded(store->write_checkpoint(102));
    store.close();
    flip_block(9);
    store.open();
    const auto report = value_of(store->verify(nullptr));
    REQUIRE_FALSE(report.problems.empty());
    CHECK_THAT(report.problems.front(), Contains("block 9 ") && Contains("checksum"));
    CHECK(report.sequence == 102);
  }
}

TEST_CASE("A chain whose end was exchanged for another is refused") {
  Bed store(Backend::rocksdb);
  fill(store);
  store.close();
  Bed other(Backend::rocksdb);
  other.now += 5;
  fill(other);
  other.close();
  fs::copy_file(other.directory() / "head", store.directory() / "head",
                fs::copy_options::overwrite_existing);
  check_refused(store, StoreFault::corrupt, "is not the one that was acknowledged");
}

TEST_CASE("Another version of the format is refused clearly") {
  Bed store(Backend::rocksdb);
  fill(store, 1);
  store.close();
  SECTION("version") {
    edit_rows(store.directory(), [](KeyValue& rows) {
      put(rows, Family::meta, kMetaVersion, std::string("\x63\0", 2));
    });
    check_refused(store, StoreFault::unknown_version, "format version 99, this program knows");
  }
  SECTION("shard hash") {
    edit_rows(store.directory(),
              [](KeyValue& rows) { put(rows, Family::meta, kMetaShardHash, "md5"); });
    check_refused(store, StoreFault::unknown_version, "'md5'");
  }
  SECTION("no version") {
    edit_rows(store.directory(), [](KeyValue& rows) {
      const auto batch = rows.new_batch();
      batch->erase(Family::meta, kMetaVersion);
      succeeded(rows.write(*batch, true));
    });
    check_refused(store, StoreFault::corrupt, "format version is missing");
  }
}

TEST_CASE("An index watermark or a checkpoint ahead of the chain is refused") {
  Bed store(Backend::rocksdb);
  fill(store, 1);
  store.close();
  const auto [row, says] =
      GENERATE(std::pair{kMetaIndexed, std::string("index reaches sequence 255")},
               std::pair{kMetaCheckpoint, std::string("checkpoint reaches sequence 255")});
  edit_rows(store.directory(), [row = row](KeyValue& rows) {
    put(rows, Family::meta, row, std::string("\xFF\0\0\0\0\0\0\0", 8));
  });
  check_refused(store, StoreFault::corrupt, says);
}

TEST_CASE("A checkpointed balance past the chain's end is refused") {
  Bed store(Backend::rocksdb);
  fill(store, 1);
  store.close();
  edit_rows(store.directory(), [](KeyValue& rows) {
    put(rows, Family::balances, be32(0), std::string("\xFF\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16));
  });
  check_refused(store, StoreFault::corrupt, "past the chain's end 3");
}

// Large participants fill the buffers of their own family and of the blocks, whose rows become
// tables; the first WAL stays for the accounts alone.
void fill_several_wals(Bed& store) {
  fill(store, 1);
  constexpr int kGroups = 120;
  for (int number = 0; number < kGroups; ++number) {
    Group group = store->begin_group(store.now, store.run_ms);
    for (int i = 0; i < 10; ++i) {
      ledger::NewParticipant participant;
      participant.id = "p" + std::to_string(number) + "-" + std::to_string(i);
      participant.role = ledger::ParticipantRole::supplier;
      participant.metadata = {{"text", std::string(15'000, 'm')}};
      group.add(participant);
    }
    store.append(std::move(group));
  }
  store.transfer({{{0, -1}, {1, 1}}});
  store.close();
}

// Reads of histories failed, and the verification found nothing.
TEST_CASE("A damaged page of an index is told by the verification") {
  Bed store(Backend::rocksdb);
  fill(store, 1);
  store.transfers(std::vector<TransferSpec>(50'000, {{{0, -1}, {1, 1}}, "reference"}));
  const auto before = database_files(store.directory(), ".sst");
  store.index_all();
  store.close();
  for (const auto& path : database_files(store.directory(), ".sst")) {
    if (std::find(before.begin(), before.end(), path) == before.end()) {
      flip(path, fs::file_size(path) / 2);  // the opening reads the first page only
    }
  }
  store.open();
  const auto report = value_of(store->verify(nullptr));
  REQUIRE_FALSE(report.problems.empty());
  CHECK_THAT(report.problems.front(), Contains("the rows of history cannot be read"));
}

// Its accounts were gone, while blocks and head were there, and it opened.
TEST_CASE("A store without a WAL that is not the last is refused") {
  Bed store(Backend::rocksdb);
  fill_several_wals(store);
  auto wals = database_files(store.directory(), ".log");
  std::sort(wals.begin(), wals.end());
  REQUIRE(wals.size() > 1);
  SECTION("deleted") {
    fs::remove(wals.front());
    check_refused(store, StoreFault::corrupt, "Missing WAL");
  }
  SECTION("empty") {
    fs::resize_file(wals.front(), 0);
    check_refused(store, StoreFault::corrupt, "WAL");
  }
}

TEST_CASE("A store with fewer accounts than its chain is refused") {
  Bed store(Backend::rocksdb);
  fill(store, 1);
  store.close();
  edit_rows(store.directory(), [](KeyValue& rows) {
    const auto batch = rows.new_batch();
    batch->erase(Family::account_ids, "b");
    succeeded(rows.write(*batch, true));
  });
  check_refused(store, StoreFault::corrupt, "the chain has 2 accounts, but 1 are found by id");
}

TEST_CASE("A torn write behind the mark is dropped, and the store opens") {
  Bed store(Backend::rocksdb);
  fill(store);
  const auto mark = read_file(store.directory() / "head");
  store.transfer({{{0, -1}, {1, 1}}});
  store.close();
  // As after a power loss: the last group is half on the disk, and was not acknowledged.
  write_file(store.directory() / "head", mark);
  fs::resize_file(wal_of(store.directory()), fs::file_size(wal_of(store.directory())) - 3);
  store.open();
  CHECK(store->durable() == 102);
  CHECK(value_of(store->load_balances()) == std::vector<Amount>{999'900, 100});
  CHECK(value_of(store->verify(nullptr)).problems.empty());
}

TEST_CASE("A mark behind the chain is brought up to it") {
  Bed store(Backend::rocksdb);
  fill(store, 5);
  const auto mark = read_file(store.directory() / "head");
  store.transfer({{{0, -1}}});
  const auto newest = read_file(store.directory() / "head");
  store.close();
  write_file(store.directory() / "head", mark);
  store.open();
  CHECK(store->durable() == 8);
  CHECK(read_file(store.directory() / "head") == newest);
}

TEST_CASE("An empty mark is taken as consent to the chain as it stands") {
  Bed store(Backend::rocksdb);
  fill(store, 5);
  store.close();
  write_file(store.directory() / "head", "");
  store.open();
  CHECK(store->durable() == 7);
  store.transfer({{{0, -1}, {1, 1}}});
  store.close();
  fs::remove(wal_of(store.directory()));
  check_refused(store, StoreFault::lost_tail, "the chain ends at 7");
}

TEST_CASE("A creation that was cut short is begun anew") {
  Bed store(Backend::rocksdb);
  store.close();
  fs::rename(store.directory() / "db", store.directory() / "db.new");
  fs::resize_file(store.directory() / "db.new" / "CURRENT", 3);
  store.open();
  CHECK(store->durable() == 0);
  fill(store, 1);
}

TEST_CASE("A store's directory is made for its owner alone") {
  TempDirectory directory;
  const auto path = directory.path() / "deep" / "store";
  const auto store = value_of(open_store(path, {}));
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
}

TEST_CASE("A path that is a file is refused") {
  TempDirectory directory;
  write_file(directory.path() / "file", "not a store");
  const auto opened = open_store(directory.path() / "file", {});
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().fault == StoreFault::io);
  CHECK_THAT(opened.error().message, Contains("Not a directory"));
  CHECK(read_file(directory.path() / "file") == "not a store");
}

TEST_CASE("A directory that may not be read or written is refused as permissions") {
  constexpr uid_t kNobody = 65534;
  Bed store(Backend::rocksdb);
  fill(store, 1);
  store.close();
  const auto mode = GENERATE(fs::perms::none, fs::perms::owner_read | fs::perms::owner_exec |
                                                  fs::perms::others_read | fs::perms::others_exec);
  fs::permissions(store.directory().parent_path(), fs::perms::all);
  fs::permissions(store.directory(), mode);
  fs::permissions(store.directory() / "lock", fs::perms::owner_read);
  const int code = exit_code_of([&] {
    if (::geteuid() == 0 && ::setuid(kNobody) != 0) return 200;
    const auto opened = store.try_open();
    return opened ? 100 : static_cast<int>(opened.error().fault);
  });
  fs::permissions(store.directory(), fs::perms::owner_all);
  CHECK(code == static_cast<int>(StoreFault::permissions));
}

TEST_CASE("A store that is open already is refused as locked") {
  Bed store(Backend::rocksdb);
  fill(store, 1);
  SECTION("in this process") {
    check_refused(store, StoreFault::locked, "another process has the store");
    store.transfer({{{0, 1}}});
  }
  SECTION("in another process") {
    const int code = exit_code_of([&] {
      const auto opened = store.try_open();
      return opened ? 100 : static_cast<int>(opened.error().fault);
    });
    CHECK(code == static_cast<int>(StoreFault::locked));
  }
  store.close();
  CHECK(store.try_open().has_value());
}

}  // namespace sg::persistence::test
