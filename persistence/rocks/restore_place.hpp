// Where a restored store is made and put. It is made in a folder below the one where it will be
// served, and moved from there once it is whole:
//
//   PATH/.restore-unfinished/   the store in the making
//   PATH/db, head               where a store is looked for
//
// The database is moved last, so it is the word that all is there. Without it, the first folder
// says that a restore was interrupted, and no daemon starts on PATH. That folder is removed without
// a question, so its name is one that nobody gives to anything else.
#pragma once

#include <filesystem>
#include <memory>

#include "persistence/medium/key_value.hpp"
#include "persistence/medium/store_options.hpp"

namespace sg::persistence {

// The folder of the store in the making.
std::filesystem::path building_folder(const std::filesystem::path& directory);
// A restore into the directory has begun and not ended.
bool is_restore_unfinished(const std::filesystem::path& directory);

// `what` is that folder, or lies in it.
bool is_in_building_folder(const std::filesystem::path& what,
                           const std::filesystem::path& directory);

class RestorePlace {
 public:
  // Locks the directory, which is made if it is missing, and removes what an interrupted restore
  // has left. `io` if there is a store, or the rest of one: nothing is ever overwritten.
  static StoreResult<RestorePlace> prepare(const std::filesystem::path& directory,
                                           const StoreOptions& options);
  // For the store in the making. It has to be gone before put().
  std::unique_ptr<Medium> medium() const;
  // Moves the store to where it will be served. Durable.
  StoreResult<void> put() const;

 private:
  RestorePlace(std::filesystem::path directory, const StoreOptions& options,
               std::unique_ptr<Medium> lock)
      : directory_(std::move(directory)), options_(options), lock_(std::move(lock)) {}

  std::filesystem::path directory_;
  StoreOptions options_;
  std::unique_ptr<Medium> lock_;  // of the directory
};

}  // namespace sg::persistence
