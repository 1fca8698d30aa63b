// The WAL in zeros; rocks_wal.hpp says why. RocksDB's log is a sequence of blocks of 32 KiB:
//
//   block    := fragment* zeros          a fragment does not cross the end of its block
//   fragment := checksum:u32 length:u16 type:u8 payload:length bytes
//   type     := full record, or the first, a middle or the last fragment of one
//
// The checksum covers type and payload. Fewer bytes than a header at the end of a block are zeros.
//
// WrittenWal puts zeros ahead of small appends. ReadWal looks for a header of zeros, and hides from
// RocksDB what is behind it: as the end of the file if the log ended there, otherwise by a fragment
// with a wrong checksum, which RocksDB reports as damage. WalFiles wraps the default file system
// and hands out the two.
#include "persistence/rocks/rocks_wal.hpp"

#include <fcntl.h>
#include <rocksdb/file_system.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "persistence/encoding/bytes.hpp"
#include "persistence/encoding/crc32c.hpp"
#include "persistence/rocks/owned_folder.hpp"

namespace sg::persistence {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

// How far ahead zeros are written. The sync after that takes 5 to 15 ms, which is too seldom to
// show in the 99th percentile of latency.
constexpr std::size_t kAheadBytes = 4 << 20;
// A sync in place saves 50 to 100 us. For larger appends the zeros would cost more than that.
constexpr std::size_t kLargestSmallAppend = 64 << 10;
// The unit in which zeros are written.
constexpr std::size_t kPageBytes = 64 << 10;

// RocksDB's log format (log_format.h).
constexpr std::size_t kBlockBytes = 32 << 10;
constexpr std::size_t kHeaderBytes = 7;  // checksum 4, length 2, type 1
constexpr std::size_t kLengthAt = 4;
constexpr std::size_t kTypeAt = 6;
constexpr char kFullRecord = 1;
constexpr char kLastFragment = 4;

namespace fs = std::filesystem;

constexpr std::string_view kWalSuffix = ".log";

bool is_wal(std::string_view path) {
  return path.size() > kWalSuffix.size() &&
         path.substr(path.size() - kWalSuffix.size()) == kWalSuffix;
}

bool all_zeros(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; });
}

// The number in a WAL file's name, such as "000012.log". Files are numbered in the order in which
// they are begun.
std::optional<std::uint64_t> number_of(const fs::path& wal) {
  if (wal.extension() != kWalSuffix) return std::nullopt;
  const std::string digits = wal.stem().string();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

// Whether the fragment's checksum fits. RocksDB stores CRC-32C rotated and shifted by a constant
// ("masked", util/crc32c.h).
bool has_its_checksum(std::string_view fragment) {
  constexpr std::uint32_t kMaskDelta = 0xa282ead8;
  const auto crc = crc32c(fragment.substr(kTypeAt));
  return get_fixed<std::uint32_t>(fragment.data()) == ((crc >> 15) | (crc << 17)) + kMaskDelta;
}

// True if the file's first record is whole. A power loss during the first write to a file may leave
// only a part of that record; then nothing in the file was ever acknowledged.
bool begins_with_record(const fs::path& wal) {
  std::ifstream file(wal, std::ios::binary);
  for (std::string block(kBlockBytes, '\0');; block.resize(kBlockBytes)) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    block.resize(static_cast<std::size_t>(file.gcount()));
    if (block.size() < kHeaderBytes) return false;
    std::string_view rest = block;
    while (rest.size() >= kHeaderBytes && !all_zeros(rest.substr(0, kHeaderBytes))) {
      const auto bytes = kHeaderBytes + get_fixed<std::uint16_t>(rest.data() + kLengthAt);
      if (bytes > rest.size() || !has_its_checksum(rest.substr(0, bytes))) return false;
      const char type = rest[kTypeAt];
      if (type == kFullRecord || type == kLastFragment) return true;
      rest.remove_prefix(bytes);
    }
    // The record goes on in the next block if this one has no room for another header. Otherwise
    // there are zeros where its next fragment should be.
    if (rest.size() >= kHeaderBytes) return false;
  }
}

// True if a WAL file that was begun later than this one holds records. Also true if the folder
// cannot be listed: then no end is taken for a clean one.
bool has_younger_records(const fs::path& wal) {
  const auto own = number_of(wal);
  std::error_code error;
  for (fs::directory_iterator file(wal.parent_path(), error), end; !error && file != end;
       file.increment(error)) {
    const auto number = number_of(file->path());
    if (own && number && *number > *own && begins_with_record(file->path())) return true;
  }
  return static_cast<bool>(error);
}

// A WAL file that RocksDB appends to. It keeps a second descriptor of the same file for the zeros,
// because RocksDB's own writer can only append.
class WrittenWal : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WrittenWal(std::unique_ptr<rocksdb::FSWritableFile> file, const std::string& path)
      : FSWritableFileOwnerWrapper(std::move(file)),
        file_(::open(path.c_str(), O_WRONLY | O_CLOEXEC)) {}
  ~WrittenWal() override {
    if (file_ >= 0) ::close(file_);
  }
  WrittenWal(const WrittenWal&) = delete;
  WrittenWal& operator=(const WrittenWal&) = delete;

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return appended(target()->Append(data, options, debug), data.size());
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification,
                  IODebugContext* debug) override {
    return appended(target()->Append(data, options, verification, debug), data.size());
  }

 private:
  // Called after each append; writes more zeros once the last ones are used up.
  IOStatus appended(IOStatus status, std::size_t bytes) {
    size_ += bytes;
    if (status.ok() && size_ > zeros_end_ && bytes <= kLargestSmallAppend) write_zeros();
    return status;
  }

  // Writes as many zeros as fit on the disk. Without them the file grows as usual, so a failure is
  // no error.
  void write_zeros() {
    static constexpr std::array<char, kPageBytes> kZeros{};
    for (zeros_end_ = size_; zeros_end_ < size_ + kAheadBytes; zeros_end_ += kPageBytes) {
      const auto at = static_cast<off_t>(zeros_end_);
      if (::pwrite(file_, kZeros.data(), kZeros.size(), at) != kPageBytes) return;
    }
  }

  const int file_;
  std::uint64_t size_ = 0;       // of the records
  std::uint64_t zeros_end_ = 0;  // up to here the file has been written
};

// A WAL file that recovery reads. RocksDB reads it from its begin, whole blocks at a time.
class ReadWal : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  ReadWal(std::unique_ptr<rocksdb::FSSequentialFile> file, fs::path path)
      : FSSequentialFileOwnerWrapper(std::move(file)), path_(std::move(path)) {}

  IOStatus Read(std::size_t size, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) override {
    *result = Slice();
    if (ended_) return IOStatus::OK();
    auto status = target()->Read(size, options, result, scratch, debug);
    if (!status.ok()) return status;
    const std::string_view bytes(result->data(), result->size());
    const std::size_t end = records_end(bytes);
    if (end == bytes.size()) return status;
    ended_ = true;
    // The order spares work: the folder is listed only if the rest of this file is zeros.
    const bool clean = all_zeros(bytes.substr(end)) && ends_in_zeros(options, debug) &&
                       !has_younger_records(path_);
    std::memmove(scratch, bytes.data(), end);
    // There is room for it: what stands there is a header of zeros.
    if (!clean) put_damage(scratch + end);
    *result = Slice(scratch, clean ? end : end + kHeaderBytes);
    return status;
  }
  IOStatus Skip(std::uint64_t) override { return IOStatus::NotSupported("Skip in a WAL"); }

 private:
  // Where the fragments end: at the first header of zeros, or at the end of the bytes. RocksDB
  // reads whole blocks, so `bytes` begins with one. A fragment with a wrong length only ends the
  // look at its block; RocksDB finds it by the checksum.
  static std::size_t records_end(std::string_view bytes) {
    for (std::size_t block = 0; block < bytes.size(); block += kBlockBytes) {
      const std::size_t block_end = std::min(block + kBlockBytes, bytes.size());
      for (std::size_t at = block; at + kHeaderBytes <= block_end;) {
        const auto header = bytes.substr(at, kHeaderBytes);
        if (all_zeros(header)) return at;
        const auto byte = [&header](std::size_t i) {
          return static_cast<unsigned char>(header[i]);
        };
        at += kHeaderBytes + byte(kLengthAt) + (std::size_t{byte(kLengthAt + 1)} << 8);
      }
    }
    return bytes.size();
  }

  // Reads the rest of the file; true if it holds only zeros. A failed read counts as something
  // else.
  bool ends_in_zeros(const IOOptions& options, IODebugContext* debug) {
    std::array<char, kBlockBytes> scratch;
    for (Slice rest;;) {
      if (!target()->Read(scratch.size(), options, &rest, scratch.data(), debug).ok()) return false;
      if (rest.empty()) return true;
      if (!all_zeros({rest.data(), rest.size()})) return false;
    }
  }

  // Writes an empty record with a wrong checksum, in place of a header.
  static void put_damage(char* header) {
    std::memset(header, 0xff, kLengthAt);
    std::memset(header + kLengthAt, 0, kTypeAt - kLengthAt);
    header[kTypeAt] = kFullRecord;
  }

  const fs::path path_;
  bool ended_ = false;  // the end was found: later reads return nothing
};

// Passes all calls on to the default file system. It wraps WAL files, and sets the mode of what it
// makes.
class WalFiles : public rocksdb::FileSystemWrapper {
 public:
  WalFiles() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "WalFiles"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           IODebugContext* debug) override {
    auto status = owned(target()->NewWritableFile(path, options, file, debug), path);
    if (status.ok() && is_wal(path)) *file = std::make_unique<WrittenWal>(std::move(*file), path);
    return status;
  }

  IOStatus ReopenWritableFile(const std::string& path, const FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* file,
                              IODebugContext* debug) override {
    return owned(target()->ReopenWritableFile(path, options, file, debug), path);
  }
  IOStatus NewRandomRWFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                           IODebugContext* debug) override {
    return owned(target()->NewRandomRWFile(path, options, file, debug), path);
  }
  IOStatus LockFile(const std::string& path, const IOOptions& options, rocksdb::FileLock** lock,
                    IODebugContext* debug) override {
    return owned(target()->LockFile(path, options, lock, debug), path);
  }
  IOStatus CreateDir(const std::string& path, const IOOptions& options,
                     IODebugContext* debug) override {
    return owned(target()->CreateDir(path, options, debug), path, kOwnersFolderMode);
  }
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions& options,
                              IODebugContext* debug) override {
    return owned(target()->CreateDirIfMissing(path, options, debug), path, kOwnersFolderMode);
  }

  IOStatus NewSequentialFile(const std::string& path, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* file,
                             IODebugContext* debug) override {
    auto status = target()->NewSequentialFile(path, options, file, debug);
    if (status.ok() && is_wal(path)) *file = std::make_unique<ReadWal>(std::move(*file), path);
    return status;
  }

 private:
  // Gives what was made to its owner alone. The call fails for a file of another user that the
  // store may write; its mode stays as it is.
  static IOStatus owned(IOStatus made, const std::string& path, mode_t mode = kOwnersFileMode) {
    if (made.ok()) (void)::chmod(path.c_str(), mode);
    return made;
  }
};

}  // namespace

rocksdb::Env* rocks_wal_env() {
  static const auto env = rocksdb::NewCompositeEnv(std::make_shared<WalFiles>());
  return env.get();
}

}  // namespace sg::persistence
