// Directories and files that only their owner may use, and directories whose names survive a power
// loss. The functions keep no state and may be called from any thread.
//
// A new name in a directory is durable only once that directory has been synced. Syncing the file
// itself is not enough.
#pragma once

#include <filesystem>

#include "persistence/medium/key_value.hpp"

namespace sg::persistence {

// The modes of all files and directories of a store, whatever the umask is.
inline constexpr unsigned kOwnersFileMode = 0600;
inline constexpr unsigned kOwnersFolderMode = 0700;

// Turns an errno into a StoreError. `what` says what failed: "making the folder /a/b".
tl::unexpected<StoreError> system_error(int error, const std::string& what);

// Makes changes of the names in the folder durable: names that were added, changed or removed.
StoreResult<void> sync_folder(const std::filesystem::path& folder);

// Creates the folder and the missing ones above it, for their owner alone. Each is durable under
// its name when this returns. Folders that exist already are left as they are.
StoreResult<void> make_durable_folder(const std::filesystem::path& folder);

// Syncs the folders above this one, as far as this user may. It serves the creation of a store: an
// earlier start may have made the folders and ended before it synced them.
void sync_folders_above(const std::filesystem::path& folder);

// Removes the rights of group and others from a file, or from a folder and everything below it.
// Skips what another user owns, what cannot be read, and symbolic links.
void close_to_others(const std::filesystem::path& own);

}  // namespace sg::persistence
