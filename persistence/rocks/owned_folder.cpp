#include "persistence/rocks/owned_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

namespace sg::persistence {
namespace {

namespace fs = std::filesystem;

StoreFault fault_of(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
    case EROFS:
      return StoreFault::permissions;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:  // the process's own limit of a file's size
      return StoreFault::no_space;
    case EWOULDBLOCK:
      return StoreFault::locked;
    default:
      return StoreFault::io;
  }
}

// The folder that holds this one's name.
fs::path above(const fs::path& folder) {
  return folder.has_parent_path() ? folder.parent_path() : fs::path(".");
}

// 0, or the errno.
int sync(const fs::path& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return errno;
  const int error = ::fsync(file) == 0 ? 0 : errno;
  ::close(file);
  return error;
}

}  // namespace

tl::unexpected<StoreError> system_error(int error, const std::string& what) {
  return store_error(fault_of(error), what + ": " + std::generic_category().message(error));
}

StoreResult<void> sync_folder(const fs::path& folder) {
  if (const int error = sync(folder)) {
    return system_error(error, "syncing the directory " + folder.string());
  }
  return {};
}

StoreResult<void> make_durable_folder(const fs::path& folder) {
  // Walk up to the first folder that exists, then create downwards. Each is synced into its parent
  // before the next is made, so a power loss leaves no folder without the ones above it.
  std::vector<fs::path> missing;
  fs::path at = folder;
  for (;; at = above(at)) {
    std::error_code error;
    const auto status = fs::status(at, error);
    if (status.type() == fs::file_type::directory) break;
    if (status.type() != fs::file_type::not_found) {
      return system_error(error ? error.value() : ENOTDIR, "the store's path " + at.string());
    }
    missing.push_back(at);
  }
  for (auto next = missing.rbegin(); next != missing.rend(); ++next) {
    // Another process may make the same folder at the same moment.
    if (::mkdir(next->c_str(), kOwnersFolderMode) != 0 && errno != EEXIST) {
      return system_error(errno, "making the directory " + next->string());
    }
    if (auto synced = sync_folder(above(*next)); !synced) return synced;
  }
  // mkdir() obeys the umask, which may have taken rights from the owner.
  if (!missing.empty() && ::chmod(folder.c_str(), kOwnersFolderMode) != 0) {
    return system_error(errno, "closing the directory " + folder.string() + " to others");
  }
  return {};
}

void sync_folders_above(const fs::path& folder) {
  std::error_code error;
  const auto whole = fs::absolute(folder, error);
  if (error) return;
  for (auto at = whole; at.has_relative_path();) {
    at = at.parent_path();
    // A folder of another user may not be opened; then it is not ours to make durable.
    (void)sync(at);
  }
}

void close_to_others(const fs::path& own) {
  static constexpr auto kOthers = fs::perms::group_all | fs::perms::others_all;
  const auto close = [](const fs::path& path) {
    std::error_code ignored;
    // Without following links: what a link points to need not belong to the store.
    const auto status = fs::symlink_status(path, ignored);
    const bool is_ours =
        status.type() == fs::file_type::regular || status.type() == fs::file_type::directory;
    if (!is_ours || (status.permissions() & kOthers) == fs::perms::none) return;
    fs::permissions(path, kOthers, fs::perm_options::remove, ignored);
  };
  close(own);
  std::error_code error;
  for (fs::recursive_directory_iterator entry(own, error), end; !error && entry != end;
       entry.increment(error)) {
    close(entry->path());
  }
}

}  // namespace sg::persistence
