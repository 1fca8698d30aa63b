#include "persistence/backup/backup_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "persistence/rocks/owned_folder.hpp"

namespace sg::persistence {
namespace {

constexpr const char* kManifest = "manifest";
constexpr const char* kNewManifest = "manifest.new";
constexpr const char* kLock = "lock";
constexpr std::string_view kSegmentPrefix = "blocks-";
constexpr std::size_t kMaxNameBytes = 64;
// More than that many segments are not expected: two million of them, or 128 TiB.
constexpr std::uint64_t kMaxManifestBytes = 512ULL << 20;

// A folder, without following a link in its last part.
constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

// What stands there is no folder, but a file or a link.
bool is_no_folder(int error) { return error == ENOTDIR || error == ELOOP; }

StoreResult<void> write_all(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const auto written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return system_error(written < 0 ? errno : ENOSPC, "writing " + path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

BackupFile::BackupFile(BackupFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}
BackupFile& BackupFile::operator=(BackupFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}
BackupFile::~BackupFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool is_backup_name(std::string_view name) {
  const auto is_right = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= kMaxNameBytes && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), is_right);
}

std::string_view wanted_backup_name() {
  return "1 to 64 letters, digits and any of - _ . with no dot in front";
}

StoreResult<BackupFolder> BackupFolder::open(const std::filesystem::path& path) {
  BackupFile folder(::open(path.c_str(), kFolderFlags));
  if (!folder.is_open()) return system_error(errno, "opening the folder " + path.string());
  return BackupFolder(std::move(folder), path);
}

StoreResult<std::optional<BackupFolder>> BackupFolder::below(const std::string& name) const {
  BackupFile folder(::openat(folder_.get(), name.c_str(), kFolderFlags | O_NOFOLLOW));
  if (folder.is_open()) return BackupFolder(std::move(folder), path_ / name);
  if (errno == ENOENT) return std::nullopt;
  if (is_no_folder(errno)) {
    return store_error(StoreFault::io, path_of(name) +
                                           " is no folder, or a symbolic link, which is not "
                                           "followed: take another name, or remove it");
  }
  return system_error(errno, "opening the folder " + path_of(name));
}

StoreResult<BackupFolder> BackupFolder::make_below(const std::string& name) const {
  if (::mkdirat(folder_.get(), name.c_str(), kOwnersFolderMode) == 0) {
    // The umask may have taken rights from the owner.
    (void)::fchmodat(folder_.get(), name.c_str(), kOwnersFolderMode, 0);
    if (auto synced = sync(); !synced) return tl::unexpected(synced.error());
  } else if (errno != EEXIST) {
    return system_error(errno, "making the folder " + path_of(name));
  }
  auto folder = below(name);
  if (!folder) return tl::unexpected(folder.error());
  if (!*folder) return store_error(StoreFault::io, path_of(name) + " was removed meanwhile");
  return std::move(**folder);
}

StoreResult<std::vector<std::string>> BackupFolder::entries() const {
  // A descriptor of its own: closedir() closes it.
  const int descriptor = ::openat(folder_.get(), ".", kFolderFlags);
  if (descriptor < 0) return system_error(errno, "reading the folder " + path_.string());
  const std::unique_ptr<DIR, int (*)(DIR*)> list(::fdopendir(descriptor), ::closedir);
  if (!list) {
    ::close(descriptor);
    return system_error(errno, "reading the folder " + path_.string());
  }
  std::vector<std::string> names;
  errno = 0;
  while (const auto* entry = ::readdir(list.get())) {
    const std::string name(entry->d_name);
    if (name != "." && name != "..") names.push_back(name);
    errno = 0;
  }
  if (errno != 0) return system_error(errno, "reading the folder " + path_.string());
  std::sort(names.begin(), names.end());
  return names;
}

StoreResult<std::vector<std::string>> BackupFolder::names() const {
  auto all = entries();
  if (!all) return all;
  std::erase_if(*all, [this](const std::string& name) {
    struct stat info {};
    return !is_backup_name(name) ||
           ::fstatat(folder_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 ||
           !S_ISDIR(info.st_mode);
  });
  return all;
}

StoreResult<void> BackupFolder::check_foreign_files() const {
  const auto all = entries();
  if (!all) return tl::unexpected(all.error());
  for (const auto& name : *all) {
    if (name == kNewManifest || name == kLock) continue;
    if (name.starts_with(kSegmentPrefix)) {
      return store_error(StoreFault::corrupt,
                         path_of(kManifest) +
                             " is missing, and files of a backup are there: bring it back from a "
                             "copy, or take another name, for they would be overwritten");
    }
    return store_error(StoreFault::io, path_.string() +
                                           " holds other files than a backup's, such as " + name +
                                           ": take a folder of its own for each backup");
  }
  return {};
}

StoreResult<BackupFile> BackupFolder::lock() const {
  BackupFile file(
      ::openat(folder_.get(), kLock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, kOwnersFileMode));
  if (!file.is_open()) return system_error(errno, "opening " + path_of(kLock));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) return system_error(errno, "locking " + path_of(kLock));
  return store_error(StoreFault::locked, "another process writes the backup in " + path_.string() +
                                             ": wait until it is done");
}

StoreResult<std::optional<BackupFile>> BackupFolder::read(const std::string& name) const {
  // Not blocking: what stands there may be a pipe.
  BackupFile file(
      ::openat(folder_.get(), name.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  if (!file.is_open()) {
    if (errno == ENOENT) return std::nullopt;
    return system_error(errno, "opening " + path_of(name));
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return system_error(errno, "reading " + path_of(name));
  if (!S_ISREG(info.st_mode)) {
    return store_error(StoreFault::corrupt, path_of(name) + " is no file of a backup");
  }
  return file;
}

StoreResult<BackupFile> BackupFolder::create(const std::string& name) const {
  // What an earlier run has left goes, whatever it is: a new file shares nothing with others.
  remove(name);
  BackupFile file(::openat(folder_.get(), name.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kOwnersFileMode));
  if (!file.is_open()) return system_error(errno, "making " + path_of(name));
  return file;
}

void BackupFolder::remove(const std::string& name) const {
  ::unlinkat(folder_.get(), name.c_str(), 0);
}

bool BackupFolder::shares_disk_with(const std::filesystem::path& other) const {
  struct stat here {};
  struct stat there {};
  return ::fstat(folder_.get(), &here) == 0 && ::stat(other.c_str(), &there) == 0 &&
         here.st_dev == there.st_dev;
}

std::uint64_t BackupFolder::free_bytes() const {
  struct statvfs info {};
  if (::fstatvfs(folder_.get(), &info) != 0) return ~std::uint64_t{0};
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

StoreResult<void> BackupFolder::sync() const {
  if (::fsync(folder_.get()) == 0) return {};
  return system_error(errno, "syncing the folder " + path_.string());
}

StoreResult<std::optional<Manifest>> BackupFolder::read_manifest() const {
  const auto file = read(kManifest);
  if (!file) return tl::unexpected(file.error());
  if (!*file) return std::nullopt;
  struct stat info {};
  if (::fstat((*file)->get(), &info) != 0)
    return system_error(errno, "reading " + path_of(kManifest));
  if (static_cast<std::uint64_t>(info.st_size) > kMaxManifestBytes) {
    return store_error(StoreFault::corrupt, path_of(kManifest) + " is no manifest of a backup");
  }
  std::string text(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t has = 0;
  while (has < text.size()) {
    const auto got =
        ::pread((*file)->get(), text.data() + has, text.size() - has, static_cast<off_t>(has));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, "reading " + path_of(kManifest));
    if (got == 0) break;
    has += static_cast<std::size_t>(got);
  }
  text.resize(has);
  auto manifest = decode_manifest(text);
  if (manifest) return std::move(*manifest);
  return store_error(StoreFault::corrupt, path_of(kManifest) + ": " + manifest.error());
}

StoreResult<void> BackupFolder::write_manifest(const Manifest& manifest) const {
  const auto written = [&]() -> StoreResult<void> {
    const auto file = create(kNewManifest);
    if (!file) return tl::unexpected(file.error());
    const auto path = path_of(kNewManifest);
    if (auto wrote = write_all(file->get(), encode(manifest), path); !wrote) return wrote;
    if (::fsync(file->get()) != 0) return system_error(errno, "syncing " + path);
    if (::renameat(folder_.get(), kNewManifest, folder_.get(), kManifest) != 0) {
      return system_error(errno, "renaming " + path);
    }
    return sync();
  }();
  // On a full disk its place is given back.
  if (!written) remove(kNewManifest);
  return written;
}

}  // namespace sg::persistence
