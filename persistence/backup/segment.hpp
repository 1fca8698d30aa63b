// A segment: a file of a backup with consecutive blocks of the chain, as they are.
//
//   segment := magic:u32 version:u16 zero:u16 first:u64 previous:32 block+ end
//   block   := size:u32 bytes            (size > 0; bytes: chain/block_writer.cpp)
//   end     := zero:u32 blocks:u64 last:u64 hash:32 checksum:u32
//
//   first, last     sequences of the first and the last record
//   previous, hash  of the block before the segment, and of its last block
//   checksum        CRC-32C of all bytes before it
//
// Numbers are little-endian. The writer checks what it is given, and the reader checks the same:
// each block is whole, begins where the one before it ends, and carries its hash.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "persistence/backup/backup_folder.hpp"
#include "persistence/backup/manifest.hpp"
#include "persistence/chain/block_reader.hpp"

namespace sg::persistence {

// Writes one segment. Until close() the file is no part of the backup.
//
//   auto writer = SegmentWriter::begin(folder, end);
//   writer->add(block);                               // again and again
//   auto segment = writer->close();                   // durable
//
// Not thread-safe. A writer that goes without close() removes its file.
class SegmentWriter {
 public:
  // Behind `after`. A file of that name, which an earlier run has left, is overwritten.
  static StoreResult<SegmentWriter> begin(const BackupFolder& folder, const ChainEnd& after);
  SegmentWriter(SegmentWriter&&) noexcept = default;
  SegmentWriter& operator=(SegmentWriter&&) = delete;
  ~SegmentWriter();

  // `corrupt` if the block does not follow.
  StoreResult<void> add(std::string_view block);
  // Ends the file and makes it durable, its name too. Needs: it has a block.
  StoreResult<Segment> close();

  std::uint64_t bytes() const { return segment_.bytes; }
  ChainEnd end() const { return end_; }

 private:
  SegmentWriter(const BackupFolder& folder, const ChainEnd& after, BackupFile file);
  StoreResult<void> write(std::string_view bytes);

  const BackupFolder* folder_;
  BackupFile file_;
  Segment segment_;
  ChainEnd end_;
  std::uint64_t unsynced_ = 0;  // bytes
};

// Reads one segment, block by block.
class SegmentReader {
 public:
  // `after`: where the chain ends before it. `corrupt`: the file is missing, or is not the segment
  // that the manifest names.
  static StoreResult<SegmentReader> open(const BackupFolder& folder, const Segment& segment,
                                         const ChainEnd& after);
  // The next block, good until the next call; nullopt at the end, which was checked then.
  StoreResult<std::optional<BlockView>> next();
  // Of the block that next() gave last.
  const BlockHash& hash() const { return end_.hash; }
  std::uint64_t bytes_read() const { return read_; }

 private:
  SegmentReader(BackupFile file, std::string name, const Segment& segment, const ChainEnd& after);
  // The next bytes of the file, which are in the checksum from then on.
  StoreResult<std::string_view> take(std::uint64_t bytes);
  StoreResult<void> check_begin();
  StoreResult<void> check_end();
  tl::unexpected<StoreError> wrong(const std::string& what) const;

  BackupFile file_;
  std::string name_;
  Segment segment_;
  ChainEnd end_;              // of the blocks so far
  std::uint64_t blocks_ = 0;  // so far
  TimeMs last_time_ = 0;      // of the block that was read last
  std::uint64_t read_ = 0;    // bytes that were taken
  std::uint32_t checksum_ = 0;
  std::string buffer_;  // read from the file
  std::size_t at_ = 0;  // in the buffer: what comes next
};

}  // namespace sg::persistence
