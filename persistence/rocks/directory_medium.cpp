// The directory of a store. Three things here need care.
//
// - The lock is an flock() on the file `lock`. The kernel releases it when the process ends,
// however
//   it ends, so no stale lock is ever left behind.
// - The high-water mark is overwritten in place, at every group. It is synced once a second only:
//   after a power loss the mark may lag behind the chain, which is harmless. Each opening writes a
//   synced one.
// - Free space is asked for before every group, so the answer is cached. What the file system says
//   may be wrong for this process: a quota or a limit of file sizes does not show. After a write
//   that failed for space, a probe file must fit before any room is reported again.
#include "persistence/rocks/directory_medium.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <system_error>
#include <utility>

#include "persistence/rocks/owned_folder.hpp"
#include "persistence/rocks/restore_place.hpp"
#include "persistence/rocks/rocks_key_value.hpp"

namespace sg::persistence {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// The longest time that a mark is known to the kernel only.
constexpr auto kMarkSyncInterval = std::chrono::seconds(1);
// How long an answer of free_bytes() is reused.
constexpr auto kFreeBytesInterval = std::chrono::milliseconds(200);
// The size of the probe file. A merge and an opening write about as much.
constexpr off_t kProbeBytes = 32 << 20;
// How long no room is reported after a write without space, or after a probe that failed.
constexpr auto kHoldOffWhenFull = std::chrono::seconds(3);
// More than any version of the mark has; what is longer fails its check.
constexpr std::size_t kLargestMark = 4096;

// Owns an open file and closes it. Move-only.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~FileDescriptor() {
    if (number_ >= 0) ::close(number_);
  }
  bool is_open() const { return number_ >= 0; }
  int get() const { return number_; }

 private:
  int number_ = -1;
};

// Not open on failure, with errno set. A file that is created belongs to its owner alone.
FileDescriptor open_file(const fs::path& path, int flags) {
  FileDescriptor file(::open(path.c_str(), flags | O_CLOEXEC, kOwnersFileMode));
  // The umask may have taken rights from the owner. The call fails for a file of another user,
  // whose mode then stays as it is.
  if (file.is_open() && (flags & O_CREAT) != 0) (void)::fchmod(file.get(), kOwnersFileMode);
  return file;
}

// "store/" and "store" name the same directory, but the former has an empty last component. Parents
// are computed from the path, so that component has to go.
fs::path without_last_slash(const fs::path& path) {
  return path.has_filename() || !path.has_relative_path() ? path : path.parent_path();
}

class DirectoryMedium : public Medium {
 public:
  DirectoryMedium(const fs::path& directory, const StoreOptions& options)
      : directory_(without_last_slash(directory)),
        head_(directory_ / "head"),
        paths_{directory_ / "db", directory_ / "ingest"},
        options_(options) {}

  StoreResult<void> prepare(Access access) override {
    // Every opening prepares; the lock is taken by the first.
    if (lock_.is_open()) return {};
    const bool writes = access == Access::read_write;
    if (writes) {
      if (auto made = make_durable_folder(directory_); !made) return made;
    }
    const auto path = directory_ / "lock";
    auto file = open_file(path, writes ? O_RDWR | O_CREAT : O_RDONLY);
    if (!file.is_open()) {
      // A copy of a store may lack the file, and a reader creates nothing. A writer would have
      // created it.
      if (!writes && errno == ENOENT) return {};
      return system_error(errno, "opening " + path.string());
    }
    if (::flock(file.get(), (writes ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return system_error(errno, "locking " + path.string());
      return store_error(StoreFault::locked, "another process has the store in " +
                                                 directory_.string() +
                                                 " open: stop it, or use another directory");
    }
    lock_ = std::move(file);
    return {};
  }

  StoreResult<bool> has_store() const override {
    struct stat info {};
    if (::stat(paths_.database.c_str(), &info) == 0) return true;
    if (errno != ENOENT) return system_error(errno, "looking for " + paths_.database.string());
    if (is_restore_unfinished(directory_)) {
      return store_error(StoreFault::io,
                         "a restore into " + directory_.string() +
                             " was interrupted: run it again, which begins anew, or remove " +
                             building_folder(directory_).string());
    }
    return false;
  }

  // Creates the database under another name and renames it. So a crash leaves a whole database or
  // none.
  StoreResult<void> create(std::span<const KeyRow> meta) override {
    RocksPaths paths = paths_;
    paths.database = directory_ / "db.new";
    std::error_code error;
    fs::remove_all(paths.database, error);
    if (error) return system_error(error.value(), "removing " + paths.database.string());
    // An earlier start may have made the directories and ended before it synced them.
    sync_folders_above(directory_);
    if (auto created = create_rocks(paths, meta, options_); !created) return created;
    // The contents must be durable before the name that makes them the database.
    if (auto synced = sync_folder(paths.database); !synced) return synced;
    fs::rename(paths.database, paths_.database, error);
    if (error) return system_error(error.value(), "renaming " + paths.database.string());
    return sync_folder(directory_);
  }

  StoreResult<std::unique_ptr<KeyValue>> open(Access access) override {
    if (access == Access::read_write) {
      std::error_code error;
      // Files that are still here were not ingested when the last process ended.
      fs::remove_all(paths_.ingest, error);
      if (error) return system_error(error.value(), "emptying " + paths_.ingest.string());
      // A restore ended after it had put the store here, and before it had removed this.
      fs::remove_all(building_folder(directory_), error);
      if (error) {
        return system_error(error.value(), "removing " + building_folder(directory_).string());
      }
      if (auto made = make_durable_folder(paths_.ingest); !made)
        return tl::unexpected(made.error());
      // Earlier versions made files that everybody could read who may enter the directory.
      for (const auto& own : {paths_.database, paths_.ingest, head_, directory_ / "lock"}) {
        close_to_others(own);
      }
    }
    OpeningStepReport report(options_.opening_progress, OpeningStep::database, wal_bytes());
    auto opened = open_rocks(paths_, access, options_);
    if (opened) report.finish();
    return opened;
  }

  StoreResult<std::optional<std::string>> read_mark() const override {
    const auto file = open_file(head_, O_RDONLY);
    if (!file.is_open()) {
      if (errno == ENOENT) return std::nullopt;
      return system_error(errno, "opening " + head_.string());
    }
    std::string bytes(kLargestMark, '\0');
    const auto read = ::pread(file.get(), bytes.data(), bytes.size(), 0);
    if (read < 0) return system_error(errno, "reading " + head_.string());
    bytes.resize(static_cast<std::size_t>(read));
    return bytes;
  }

  StoreResult<void> write_mark(std::string_view bytes, bool sync) override {
    if (!mark_.is_open()) {
      mark_ = open_file(head_, O_RDWR | O_CREAT);
      if (!mark_.is_open()) return system_error(errno, "opening " + head_.string());
    }
    const auto written = ::pwrite(mark_.get(), bytes.data(), bytes.size(), 0);
    if (written != static_cast<ssize_t>(bytes.size())) {
      return system_error(written < 0 ? errno : ENOSPC, "writing " + head_.string());
    }
    const auto now = Clock::now();
    if (!sync && now - mark_synced_ < kMarkSyncInterval) return {};
    mark_synced_ = now;
    if (::fdatasync(mark_.get()) != 0) return system_error(errno, "syncing " + head_.string());
    // A synced mark may be a new file: its name has to be durable too.
    return sync ? sync_folder(directory_) : StoreResult<void>{};
  }

  std::uint64_t free_bytes() const override {
    const auto now = Clock::now().time_since_epoch().count();
    constexpr auto kInterval = std::chrono::duration_cast<Clock::duration>(kFreeBytesInterval);
    // The common case takes no lock: the journal asks before every group.
    if (now < free_known_until_.load(std::memory_order_relaxed)) {
      return free_bytes_.load(std::memory_order_relaxed);
    }
    const std::lock_guard lock(asking_);
    if (was_full_ && !can_grow()) {
      hold_off(kHoldOffWhenFull);
      return 0;
    }
    was_full_ = false;
    // A file system that does not answer is not taken for full: the next write will tell.
    std::uint64_t free = ~std::uint64_t{0};
    struct statvfs info {};
    if (::statvfs(directory_.c_str(), &info) == 0) {
      free = std::uint64_t{info.f_bavail} * info.f_frsize;
    }
    free_bytes_.store(free, std::memory_order_relaxed);
    free_known_until_.store(now + kInterval.count(), std::memory_order_relaxed);
    return free;
  }

  void found_full() override {
    const std::lock_guard lock(asking_);
    was_full_ = true;
    hold_off(kHoldOffWhenFull);
  }

  std::string name() const override { return directory_.string(); }

 private:
  // What an opening may have to read of the write-ahead log: the size of its files. 0 if nobody
  // knows.
  std::uint64_t wal_bytes() const {
    std::uint64_t bytes = 0;
    std::error_code error;
    for (fs::directory_iterator file(paths_.database, error), end; !error && file != end;
         file.increment(error)) {
      if (file->path().extension() != ".log") continue;
      std::error_code unknown;
      const auto size = file->file_size(unknown);
      if (!unknown) bytes += size;
    }
    return bytes;
  }
  // Reports no room for so long.
  void hold_off(Clock::duration time) const {
    free_bytes_.store(0, std::memory_order_relaxed);
    const auto until = (Clock::now() + time).time_since_epoch().count();
    free_known_until_.store(until, std::memory_order_relaxed);
  }
  // Whether a large file can be made. Its space is returned at once: the file has no name any more
  // when its descriptor is closed.
  bool can_grow() const {
    const auto path = paths_.ingest / "room";
    const auto file = open_file(path, O_WRONLY | O_CREAT);
    if (!file.is_open()) return false;
    ::unlink(path.c_str());
    return ::posix_fallocate(file.get(), 0, kProbeBytes) == 0;
  }

  const fs::path directory_;
  const fs::path head_;  // the file of the high-water mark
  const RocksPaths paths_;
  const StoreOptions options_;
  FileDescriptor lock_;  // open while the directory is locked
  FileDescriptor mark_;  // opened by the first write of the mark
  Clock::time_point mark_synced_;
  mutable std::mutex asking_;  // guards was_full_ and changes of the cached answer
  mutable bool was_full_ = false;
  // The cached answer of free_bytes(), and until when it is used.
  mutable std::atomic<std::uint64_t> free_bytes_ = 0;
  mutable std::atomic<Clock::rep> free_known_until_ = 0;
};

}  // namespace

std::unique_ptr<Medium> make_directory_medium(std::filesystem::path directory,
                                              const StoreOptions& options) {
  return std::make_unique<DirectoryMedium>(std::move(directory), options);
}

}  // namespace sg::persistence
