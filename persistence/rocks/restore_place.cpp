#include "persistence/rocks/restore_place.hpp"

#include <system_error>
#include <utility>

#include "persistence/rocks/directory_medium.hpp"
#include "persistence/rocks/owned_folder.hpp"

namespace sg::persistence {
namespace {

namespace fs = std::filesystem;

StoreResult<void> remove_with_contents(const fs::path& what) {
  std::error_code error;
  fs::remove_all(what, error);
  if (error) return system_error(error.value(), "removing " + what.string());
  return {};
}

StoreResult<void> move(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) return system_error(error.value(), "renaming " + from.string());
  return sync_folder(to.parent_path());
}

}  // namespace

fs::path building_folder(const fs::path& directory) { return directory / ".restore-unfinished"; }

bool is_restore_unfinished(const fs::path& directory) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(building_folder(directory), ignored)) &&
         !fs::exists(fs::symlink_status(directory / "db", ignored));
}

bool is_in_building_folder(const fs::path& what, const fs::path& directory) {
  std::error_code error;
  const auto inner = fs::weakly_canonical(what, error);
  const auto outer = fs::weakly_canonical(building_folder(directory), error);
  const auto relative = inner.lexically_relative(outer);
  return !relative.empty() && *relative.begin() != "..";
}

StoreResult<RestorePlace> RestorePlace::prepare(const fs::path& directory,
                                                const StoreOptions& options) {
  auto lock = make_directory_medium(directory, options);
  if (auto locked = lock->prepare(Access::read_write); !locked) {
    return tl::unexpected(locked.error());
  }
  std::error_code ignored;
  const bool unfinished = is_restore_unfinished(directory);
  for (const auto* part : {"db", "head"}) {
    if (unfinished || !fs::exists(fs::symlink_status(directory / part, ignored))) continue;
    return store_error(StoreFault::io,
                       directory.string() + " holds a store, or the rest of one (" +
                           (directory / part).string() +
                           "), which is not overwritten: set storage.path to another folder, or "
                           "move this one away");
  }
  // The folder last: it says that the mark is the rest of a restore.
  for (const auto& left : {directory / "head", building_folder(directory)}) {
    if (auto removed = remove_with_contents(left); !removed) return tl::unexpected(removed.error());
  }
  return RestorePlace(directory, options, std::move(lock));
}

std::unique_ptr<Medium> RestorePlace::medium() const {
  return make_directory_medium(building_folder(directory_), options_);
}

StoreResult<void> RestorePlace::put() const {
  const auto building = building_folder(directory_);
  // The contents have to be durable before the name under which they are served.
  if (auto synced = sync_folder(building / "db"); !synced) return synced;
  if (auto moved = move(building / "head", directory_ / "head"); !moved) return moved;
  if (auto moved = move(building / "db", directory_ / "db"); !moved) return moved;
  if (auto removed = remove_with_contents(building); !removed) return removed;
  return sync_folder(directory_);
}

}  // namespace sg::persistence
