#include "persistence/backup/segment.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "persistence/encoding/crc32c.hpp"
#include "persistence/rocks/owned_folder.hpp"

namespace sg::persistence {
namespace {

constexpr std::uint32_t kMagic = 0x474C4253;  // "SBLG"
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kBeginBytes = 4 + 2 + 2 + 8 + sizeof(BlockHash);
constexpr std::size_t kEndBytes = 8 + 8 + sizeof(BlockHash) + 4;  // behind the size of zero
constexpr std::size_t kSizeBytes = sizeof(std::uint32_t);
// So much is written before it is synced: in small portions, so that the store on the same disk
// never waits long for its own sync.
constexpr std::uint64_t kSyncEveryBytes = 4ULL << 20;
// So much is read at once. A larger block is read as a whole.
constexpr std::size_t kReadBytes = 1UL << 20;

// The pages of a backup would only push others out of memory.
void forget_pages(int file) { (void)::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED); }

}  // namespace

// --- the writer ---

SegmentWriter::SegmentWriter(const BackupFolder& folder, const ChainEnd& after, BackupFile file)
    : folder_(&folder), file_(std::move(file)), end_(after) {
  segment_.first = after.sequence + 1;
}

SegmentWriter::~SegmentWriter() {
  if (file_.is_open()) folder_->remove(file_name(segment_));
}

StoreResult<SegmentWriter> SegmentWriter::begin(const BackupFolder& folder, const ChainEnd& after) {
  Segment named;
  named.first = after.sequence + 1;
  auto file = folder.create(file_name(named));
  if (!file) return tl::unexpected(file.error());
  SegmentWriter writer(folder, after, std::move(*file));
  std::string begin(kBeginBytes, '\0');
  char* to = put_fixed(begin.data(), kMagic);
  to = put_fixed(put_fixed(to, kVersion), std::uint16_t{0});
  put_fixed(put_fixed(to, named.first), after.hash);
  if (auto written = writer.write(begin); !written) return tl::unexpected(written.error());
  return writer;
}

StoreResult<void> SegmentWriter::write(std::string_view bytes) {
  segment_.checksum = crc32c(bytes, segment_.checksum);
  segment_.bytes += bytes.size();
  unsynced_ += bytes.size();
  const auto path = [this] { return folder_->path_of(file_name(segment_)); };
  while (!bytes.empty()) {
    const auto written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return system_error(written < 0 ? errno : ENOSPC, "writing " + path());
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (unsynced_ < kSyncEveryBytes) return {};
  unsynced_ = 0;
  if (::fdatasync(file_.get()) != 0) return system_error(errno, "syncing " + path());
  forget_pages(file_.get());
  return {};
}

StoreResult<void> SegmentWriter::add(std::string_view bytes) {
  const auto block = BlockView::parse(bytes);
  if (!block) {
    return store_error(StoreFault::corrupt, "the block behind sequence " +
                                                std::to_string(end_.sequence) +
                                                " is damaged: " + block.error());
  }
  if (block->first() != end_.sequence + 1 || block->stamp().previous != end_.hash) {
    return store_error(StoreFault::corrupt, name_of_block(block->first(), block->count()) +
                                                " does not follow the one that ends at sequence " +
                                                std::to_string(end_.sequence));
  }
  char size[kSizeBytes];
  put_fixed(size, static_cast<std::uint32_t>(bytes.size()));
  if (auto written = write({size, kSizeBytes}); !written) return written;
  if (auto written = write(bytes); !written) return written;
  end_ = {block->last(), block->hash()};
  if (segment_.blocks++ == 0) segment_.first_time = block->stamp().time;
  segment_.last_time = block->stamp().time;
  return {};
}

StoreResult<Segment> SegmentWriter::close() {
  segment_.last = end_.sequence;
  segment_.hash = end_.hash;
  std::string end(kSizeBytes + kEndBytes - sizeof segment_.checksum, '\0');
  put_fixed(put_fixed(put_fixed(end.data() + kSizeBytes, segment_.blocks), segment_.last),
            segment_.hash);
  if (auto written = write(end); !written) return tl::unexpected(written.error());
  const auto checksum = segment_.checksum;
  char last[sizeof checksum];
  put_fixed(last, checksum);
  if (auto written = write({last, sizeof last}); !written) return tl::unexpected(written.error());
  segment_.checksum = checksum;
  if (::fsync(file_.get()) != 0) {
    return system_error(errno, "syncing " + folder_->path_of(file_name(segment_)));
  }
  if (auto synced = folder_->sync(); !synced) return tl::unexpected(synced.error());
  forget_pages(file_.get());
  file_ = BackupFile();
  return segment_;
}

// --- the reader ---

SegmentReader::SegmentReader(BackupFile file, std::string name, const Segment& segment,
                             const ChainEnd& after)
    : file_(std::move(file)), name_(std::move(name)), segment_(segment), end_(after) {
  (void)::posix_fadvise(file_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
}

tl::unexpected<StoreError> SegmentReader::wrong(const std::string& what) const {
  return store_error(StoreFault::corrupt, name_ + " is damaged: " + what);
}

StoreResult<SegmentReader> SegmentReader::open(const BackupFolder& folder, const Segment& segment,
                                               const ChainEnd& after) {
  const auto name = file_name(segment);
  auto file = folder.read(name);
  if (!file) return tl::unexpected(file.error());
  if (!*file) return store_error(StoreFault::corrupt, folder.path_of(name) + " is missing");
  SegmentReader reader(std::move(**file), folder.path_of(name), segment, after);
  if (auto ok = reader.check_begin(); !ok) return tl::unexpected(ok.error());
  return reader;
}

StoreResult<std::string_view> SegmentReader::take(std::uint64_t bytes) {
  // The size of a damaged block may be anything.
  if (bytes > segment_.bytes - read_) return wrong("it ends too early");
  if (buffer_.size() - at_ < bytes) {
    buffer_.erase(0, at_);
    at_ = 0;
    auto has = buffer_.size();
    buffer_.resize(std::max<std::size_t>(bytes, kReadBytes));
    while (has < bytes) {
      const auto got = ::read(file_.get(), buffer_.data() + has, buffer_.size() - has);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return system_error(errno, "reading " + name_);
      if (got == 0) break;
      has += static_cast<std::size_t>(got);
    }
    buffer_.resize(has);
    if (has < bytes) return wrong("it ends too early");
  }
  const std::string_view taken(buffer_.data() + at_, bytes);
  at_ += bytes;
  read_ += bytes;
  return taken;
}

StoreResult<void> SegmentReader::check_begin() {
  const auto begin = take(kBeginBytes);
  if (!begin) return tl::unexpected(begin.error());
  checksum_ = crc32c(*begin, checksum_);
  ByteReader in(*begin);
  if (in.fixed<std::uint32_t>() != kMagic) return wrong("it does not begin as a segment");
  if (const auto version = in.fixed<std::uint16_t>(); version != kVersion) {
    return wrong("it has version " + std::to_string(version));
  }
  if (in.fixed<std::uint16_t>() != 0) return wrong("it holds bytes that belong to nothing");
  const auto first = in.fixed<Sequence>();
  if (first != segment_.first || first != end_.sequence + 1) {
    return wrong("it begins at sequence " + std::to_string(first) + ", and not at " +
                 std::to_string(end_.sequence + 1));
  }
  if (in.fixed<BlockHash>() != end_.hash) return wrong("it follows another chain");
  return {};
}

StoreResult<std::optional<BlockView>> SegmentReader::next() {
  const auto prefix = take(kSizeBytes);
  if (!prefix) return tl::unexpected(prefix.error());
  checksum_ = crc32c(*prefix, checksum_);
  const auto size = get_fixed<std::uint32_t>(prefix->data());
  if (size == 0) {
    if (auto ok = check_end(); !ok) return tl::unexpected(ok.error());
    return std::nullopt;
  }
  const auto bytes = take(size);
  if (!bytes) return tl::unexpected(bytes.error());
  checksum_ = crc32c(*bytes, checksum_);
  const auto behind = " behind sequence " + std::to_string(end_.sequence);
  const auto block = BlockView::parse(*bytes);
  if (!block) return wrong("the block" + behind + ": " + block.error());
  if (block->first() != end_.sequence + 1) {
    return wrong("the block" + behind + " begins at " + std::to_string(block->first()));
  }
  if (block->stamp().previous != end_.hash) {
    return wrong("the block" + behind + " does not carry the hash of the one before it");
  }
  if (blocks_++ == 0 && block->stamp().time != segment_.first_time) {
    return wrong("it begins at another time than the manifest says");
  }
  end_ = {block->last(), block->hash()};
  last_time_ = block->stamp().time;
  return *block;
}

StoreResult<void> SegmentReader::check_end() {
  const auto end = take(kEndBytes - sizeof checksum_);
  if (!end) return tl::unexpected(end.error());
  checksum_ = crc32c(*end, checksum_);
  ByteReader in(*end);
  const auto blocks = in.fixed<std::uint64_t>();
  const auto last = in.fixed<Sequence>();
  const auto hash = in.fixed<BlockHash>();
  const auto checksum = take(sizeof checksum_);
  if (!checksum) return tl::unexpected(checksum.error());
  if (get_fixed<std::uint32_t>(checksum->data()) != checksum_) {
    return wrong("its checksum does not match its bytes");
  }
  if (blocks != blocks_ || ChainEnd{last, hash} != end_) {
    return wrong("its end does not say what its blocks are");
  }
  if (last_time_ != segment_.last_time) {
    return wrong("it ends at another time than the manifest says");
  }
  if (blocks != segment_.blocks || last != segment_.last || hash != segment_.hash ||
      checksum_ != segment_.checksum || read_ != segment_.bytes) {
    return wrong("it is not the one that the manifest names");
  }
  char more = 0;
  if (at_ != buffer_.size() || ::read(file_.get(), &more, 1) != 0) {
    return wrong("bytes follow its end");
  }
  forget_pages(file_.get());
  return {};
}

}  // namespace sg::persistence
