#include "persistence/directory_medium.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "persistence/rocks_key_value.hpp"

namespace sg::persistence {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr auto kMarkSyncInterval = std::chrono::seconds(1);
constexpr auto kFreeBytesInterval = std::chrono::milliseconds(200);
constexpr std::size_t kLargestMark = 4096;
constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;

StoreFault fault_of(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
    case EROFS:
      return StoreFault::permissions;
    case ENOSPC:
    case EDQUOT:
      return StoreFault::no_space;
    case EWOULDBLOCK:
      return StoreFault::locked;
    default:
      return StoreFault::io;
  }
}

tl::unexpected<StoreError> system_error(int error, const std::string& what) {
  return store_error(fault_of(error), what + ": " + std::generic_category().message(error));
}

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

FileDescriptor open_file(const fs::path& path, int flags) {
  return FileDescriptor(::open(path.c_str(), flags | O_CLOEXEC, kFileMode));
}

StoreResult<void> sync_directory(const fs::path& path) {
  const auto directory = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!directory.is_open() || ::fsync(directory.get()) != 0) {
    return system_error(errno, "syncing the directory " + path.string());
  }
  return {};
}

class DirectoryMedium : public Medium {
 public:
  DirectoryMedium(fs::path directory, const StoreOptions& options)
      : directory_(std::move(directory)),
        head_(directory_ / "head"),
        paths_{directory_ / "db", directory_ / "ingest"},
        options_(options) {}

  StoreResult<void> prepare() override {
    if (lock_.is_open()) return {};
    if (auto made = make_directory(); !made) return made;
    const auto path = directory_ / "lock";
    auto file = open_file(path, O_RDWR | O_CREAT);
    if (!file.is_open()) return system_error(errno, "opening " + path.string());
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
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
    if (errno == ENOENT) return false;
    return system_error(errno, "looking for " + paths_.database.string());
  }

  // Made under another name first, so that a crash leaves a whole database or none.
  StoreResult<void> create(std::span<const KeyRow> meta) override {
    RocksPaths paths = paths_;
    paths.database = directory_ / "db.new";
    std::error_code error;
    fs::remove_all(paths.database, error);
    if (error) return system_error(error.value(), "removing " + paths.database.string());
    if (auto created = create_rocks(paths, meta, options_); !created) return created;
    fs::rename(paths.database, paths_.database, error);
    if (error) return system_error(error.value(), "renaming " + paths.database.string());
    return sync_directory(directory_);
  }

  StoreResult<std::unique_ptr<KeyValue>> open(Access access) override {
    if (access == Access::read_write) {
      std::error_code error;
      fs::remove_all(paths_.ingest, error);
      if (!error) fs::create_directory(paths_.ingest, error);
      if (error) return system_error(error.value(), "emptying " + paths_.ingest.string());
    }
    return open_rocks(paths_, access, options_);
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
    return sync ? sync_directory(directory_) : StoreResult<void>{};
  }

  std::uint64_t free_bytes() const override {
    const auto now = Clock::now().time_since_epoch().count();
    constexpr auto kInterval = std::chrono::duration_cast<Clock::duration>(kFreeBytesInterval);
    if (now < free_known_until_.load(std::memory_order_relaxed)) {
      return free_bytes_.load(std::memory_order_relaxed);
    }
    struct statvfs info {};
    // A file system that cannot be asked is not thereby full: the write will tell.
    std::uint64_t free = ~std::uint64_t{0};
    if (::statvfs(directory_.c_str(), &info) == 0) {
      free = std::uint64_t{info.f_bavail} * info.f_frsize;
    }
    free_bytes_.store(free, std::memory_order_relaxed);
    free_known_until_.store(now + kInterval.count(), std::memory_order_relaxed);
    return free;
  }

  std::string name() const override { return directory_.string(); }

 private:
  StoreResult<void> make_directory() const {
    std::error_code error;
    const auto status = fs::status(directory_, error);
    if (status.type() == fs::file_type::not_found) {
      if (directory_.has_parent_path()) fs::create_directories(directory_.parent_path(), error);
      if (::mkdir(directory_.c_str(), kDirectoryMode) == 0) return {};
      return system_error(errno, "making the directory " + directory_.string());
    }
    if (error) return system_error(error.value(), "looking at " + directory_.string());
    if (status.type() != fs::file_type::directory) {
      return system_error(ENOTDIR, "the store's path " + directory_.string());
    }
    return {};
  }

  const fs::path directory_;
  const fs::path head_;
  const RocksPaths paths_;
  const StoreOptions options_;
  FileDescriptor lock_;
  FileDescriptor mark_;
  Clock::time_point mark_synced_;
  mutable std::atomic<std::uint64_t> free_bytes_ = 0;
  mutable std::atomic<Clock::rep> free_known_until_ = 0;
};

}  // namespace

std::unique_ptr<Medium> make_directory_medium(std::filesystem::path directory,
                                              const StoreOptions& options) {
  return std::make_unique<DirectoryMedium>(std::move(directory), options);
}

}  // namespace sg::persistence
