// Folders and files that belong to their owner alone, and folders whose names survive a power loss.
#pragma once

#include <filesystem>

#include "persistence/medium/key_value.hpp"

namespace sg::persistence {

// For files and folders of a store, whatever the umask is.
inline constexpr unsigned kOwnersFileMode = 0600;
inline constexpr unsigned kOwnersFolderMode = 0700;

// `what` says what was tried: "making the folder /a/b".
tl::unexpected<StoreError> system_error(int error, const std::string& what);

// Makes names in the folder durable: those that were added, changed or removed.
StoreResult<void> sync_folder(const std::filesystem::path& folder);

// Makes the folder, for its owner alone, and those above it that are missing. Each is durable under
// its name when this returns. Nothing is changed where there is a folder.
StoreResult<void> make_durable_folder(const std::filesystem::path& folder);

// Syncs the folders above this one, as far as this user may. For a store that is created: an
// earlier start may have made them, and ended before it synced them.
void sync_folders_above(const std::filesystem::path& folder);

// Takes the rights of others away from a file, or from a folder and all that is below it. What
// another user owns is passed over, and so is what cannot be read.
void close_to_others(const std::filesystem::path& own);

}  // namespace sg::persistence
