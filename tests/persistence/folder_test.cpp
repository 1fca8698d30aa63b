// The folders and files of a store: who may read them, and that their names survive a power loss.
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "bed.hpp"

namespace {

namespace fs = std::filesystem;

// What fsync was called on: each folder, and the names in it at that moment.
std::mutex synced_mutex;
std::set<std::pair<fs::path, fs::path>>* synced = nullptr;

}  // namespace

// In place of the C library's, for this program and the libraries that it loads.
extern "C" int fsync(int file) {
  {
    const std::lock_guard lock(synced_mutex);
    std::error_code error;
    const auto path = fs::read_symlink("/proc/self/fd/" + std::to_string(file), error);
    if (synced != nullptr && !error && fs::is_directory(path, error)) {
      for (const auto& entry : fs::directory_iterator(path, error)) {
        synced->emplace(path, entry.path().filename());
      }
    }
  }
  return static_cast<int>(::syscall(SYS_fsync, file));
}

namespace sg::persistence::test {
namespace {

class RecordedSyncs {
 public:
  RecordedSyncs() {
    const std::lock_guard lock(synced_mutex);
    synced = &names_;
  }
  ~RecordedSyncs() {
    const std::lock_guard lock(synced_mutex);
    synced = nullptr;
  }
  RecordedSyncs(const RecordedSyncs&) = delete;
  RecordedSyncs& operator=(const RecordedSyncs&) = delete;

  bool has(const fs::path& path) const {
    const std::lock_guard lock(synced_mutex);
    return names_.contains({path.parent_path(), path.filename()});
  }

 private:
  std::set<std::pair<fs::path, fs::path>> names_;
};

class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

unsigned mode_of(const fs::path& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777U;
}

// Checks all that is below the folder.
void check_owners_alone(const fs::path& folder) {
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    CAPTURE(entry.path().string());
    CHECK(mode_of(entry.path()) == (entry.is_directory() ? 0700U : 0600U));
    ++files;
  }
  CHECK(files > 5);
}

// A store in which RocksDB has made every kind of file that it makes.
void use(const fs::path& path) {
  const auto store = value_of(open_store(path, {}));
  Group group = store->begin_group(1, 1);
  ledger::NewAccount account;
  account.id = "a";
  group.add(account);
  group.end_unit();
  group.add(TransferSpec{{{0, 1}}, "reference", "key"}.record());
  succeeded(store->append_now(std::move(group)));
  while (value_of(store->index_some(true))) {
  }
}

}  // namespace

// After a power loss the folder was gone, and a new and empty store stood in its place.
TEST_CASE("Every folder of a new store is durable under its name") {
  TempDirectory directory;
  const auto top = fs::canonical(directory.path());
  const RecordedSyncs syncs;
  SECTION("and so are the folders above it that were missing") {
    use(top / "deep" / "er" / "store");
    for (const auto& path : {top / "deep", top / "deep" / "er", top / "deep" / "er" / "store"}) {
      CAPTURE(path.string());
      CHECK(syncs.has(path));
    }
    for (const char* name : {"db", "head", "lock"}) {
      CHECK(syncs.has(top / "deep" / "er" / "store" / name));
    }
    CHECK(syncs.has(top / "deep" / "er" / "store" / "db" / "CURRENT"));
  }
  SECTION("and so are those that an earlier start made, and could not sync") {
    fs::create_directories(top / "deep" / "store");
    use(top / "deep" / "store");
    CHECK(syncs.has(top / "deep"));
    CHECK(syncs.has(top / "deep" / "store"));
  }
}

TEST_CASE("All that is below a store's folder is its owner's alone, whatever the umask") {
  TempDirectory directory;
  const auto path = directory.path() / "store";
  const mode_t mask = GENERATE(0, 022, 0777);
  fs::create_directory(path);
  REQUIRE(::chmod(path.c_str(), 0755) == 0);
  {
    const Umask set(mask);
    use(path);
    use(path);  // recovery writes tables
  }
  check_owners_alone(path);
  CHECK(mode_of(path) == 0755);
}

TEST_CASE("What else lies in a store's folder is left as it is") {
  TempDirectory directory;
  const auto path = directory.path() / "store";
  const auto strangers = path / "lost+found";
  fs::create_directories(strangers);
  REQUIRE(::chmod(strangers.c_str(), 0755) == 0);
  use(path);
  use(path);
  CHECK(mode_of(strangers) == 0755);
}

TEST_CASE("A store that an earlier version left open to others is closed to them") {
  TempDirectory directory;
  const auto path = directory.path() / "store";
  use(path);
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    fs::permissions(entry.path(), fs::perms::group_read | fs::perms::others_read,
                    fs::perm_options::add);
  }
  use(path);
  check_owners_alone(path);
}

TEST_CASE("A store's path may end in a slash") {
  TempDirectory directory;
  const auto path = (directory.path() / "deep" / "store").string() + "/";
  use(path);
  use(path);
  CHECK(fs::exists(directory.path() / "deep" / "store" / "db"));
}

}  // namespace sg::persistence::test
