// The folder of a backup and its files: the manifest, and segments beside it.
//
// A folder is held by a descriptor, and its files are opened below that. No link is followed on the
// way from the folder to a file, nor from a root to a folder below it: nobody who may write there
// can lead a backup elsewhere.
//
// Files belong to their owner alone. Errors are those of the system, with the path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/backup/manifest.hpp"
#include "persistence/medium/key_value.hpp"

namespace sg::persistence {

// Owns an open file or folder and closes it. Move-only.
class BackupFile {
 public:
  BackupFile() = default;
  explicit BackupFile(int descriptor) : descriptor_(descriptor) {}
  BackupFile(BackupFile&& other) noexcept;
  BackupFile& operator=(BackupFile&& other) noexcept;
  ~BackupFile();
  bool is_open() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

// True for a name that a backup may have: 1 to 64 letters, digits and any of - _ . with no dot in
// front. So it is no path, and leads nowhere but below the root.
bool is_backup_name(std::string_view name);
// "1 to 64 letters, digits and any of - _ . with no dot in front"
std::string_view wanted_backup_name();

class BackupFolder {
 public:
  // A folder that is there, wherever it is.
  static StoreResult<BackupFolder> open(const std::filesystem::path& path);
  // The folder of that name below this one. Nullopt: there is none. `io` if it is none, or a link.
  // Needs: is_backup_name(name).
  StoreResult<std::optional<BackupFolder>> below(const std::string& name) const;
  // The same; it is made if it is missing.
  StoreResult<BackupFolder> make_below(const std::string& name) const;
  // The names of the folders below it that a backup may have, sorted.
  StoreResult<std::vector<std::string>> names() const;

  // Nullopt: there is no manifest.
  StoreResult<std::optional<Manifest>> read_manifest() const;
  // Replaces the manifest as a whole: a crash leaves the old one or the new one. It is durable when
  // this returns, and so are the names of all files that were made before.
  StoreResult<void> write_manifest(const Manifest& manifest) const;
  // Of a folder without a manifest: that nothing stands here but what a run may have left before it
  // wrote one. So no other folder becomes a backup by mistake, and none that has lost its manifest
  // is overwritten.
  StoreResult<void> check_foreign_files() const;
  // Nobody else who asks for it gets it, until it is closed. `locked`: somebody has it.
  StoreResult<BackupFile> lock() const;

  // Makes a file and opens it to write. One of that name is removed first.
  StoreResult<BackupFile> create(const std::string& name) const;
  // Opens a file to read it. Nullopt: there is none.
  StoreResult<std::optional<BackupFile>> read(const std::string& name) const;
  // A file that is not there is no error.
  void remove(const std::string& name) const;
  // True if it and `other` are on one file system. False also if nobody can tell.
  bool shares_disk_with(const std::filesystem::path& other) const;
  // Free bytes of its file system; the most if it does not say.
  std::uint64_t free_bytes() const;
  // Makes the names of its files durable.
  StoreResult<void> sync() const;
  std::string path_of(const std::string& name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  BackupFolder(BackupFile folder, std::filesystem::path path)
      : folder_(std::move(folder)), path_(std::move(path)) {}
  // The entries, without . and ..
  StoreResult<std::vector<std::string>> entries() const;

  BackupFile folder_;
  std::filesystem::path path_;  // for messages
};

}  // namespace sg::persistence
