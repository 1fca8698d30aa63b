// Two threads: one reads, checks and appends blocks, and one writes the indexes beside it.
#include "persistence/backup/restore.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "persistence/backup/restored_store.hpp"
#include "persistence/backup/segment.hpp"
#include "persistence/chain/block_cut.hpp"
#include "persistence/rocks/restore_place.hpp"

namespace sg::persistence {
namespace {

// Appended together.
constexpr std::size_t kPortionBytes = 4UL << 20;
// Until the index thread is looked at again.
constexpr std::chrono::milliseconds kLongestWait{50};

// Writes the indexes of a store while blocks are appended to it.
class IndexThread {
 public:
  explicit IndexThread(RestoredStore& store) : store_(store), thread_([this] { run(); }) {}
  ~IndexThread() { (void)end(); }
  IndexThread(const IndexThread&) = delete;
  IndexThread& operator=(const IndexThread&) = delete;

  // There may be work.
  void wake() {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
    woken_.notify_one();
  }
  // Waits until it keeps up with the blocks, so that what is not indexed has a bound. The error
  // that it has met, if any.
  StoreResult<void> await() {
    std::unique_lock lock(mutex_);
    while (result_ && !store_.keeps_up()) {
      is_woken_ = true;
      woken_.notify_one();
      progressed_.wait_for(lock, kLongestWait);
    }
    return result_;
  }
  // Waits for the thread. The error that it has met, if any.
  StoreResult<void> end() {
    {
      const std::lock_guard lock(mutex_);
      is_ending_ = true;
      woken_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
    return result_;
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      woken_.wait(lock, [this] { return is_woken_ || is_ending_; });
      if (is_ending_) return;
      is_woken_ = false;
      lock.unlock();
      auto worked = store_.index_some(false);
      lock.lock();
      progressed_.notify_one();
      if (!worked) {
        result_ = tl::unexpected(worked.error());
        return;
      }
      // Merges take many pieces.
      if (*worked) is_woken_ = true;
    }
  }

  RestoredStore& store_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable woken_;
  std::condition_variable progressed_;
  bool is_woken_ = false;
  bool is_ending_ = false;
  StoreResult<void> result_;
  std::thread thread_;
};

// Appends the blocks of a backup to a store, in portions, up to the point in time.
class Copy {
 public:
  Copy(RestoredStore& store, const RestoreUntil& until)
      : store_(store), until_(until), indexes_(store) {}

  bool is_cut() const { return is_cut_; }

  // False: the point in time is reached.
  StoreResult<bool> take(const BlockView& block) {
    if (block.first() > until_.sequence || block.stamp().time > until_.time) return false;
    if (block.last() > until_.sequence) return cut(block);
    return append(std::string(block.bytes()));
  }
  StoreResult<void> finish() {
    if (auto written = write(); !written) return written;
    if (auto indexed = indexes_.end(); !indexed) return indexed;
    return store_.finish();
  }

 private:
  StoreResult<bool> cut(const BlockView& block) {
    const auto most = static_cast<std::uint32_t>(until_.sequence - block.first() + 1);
    const auto count = whole_units(block, most);
    if (count == 0) return false;
    auto bytes = cut_block(block, count);
    if (!bytes) return tl::unexpected(bytes.error());
    is_cut_ = true;
    if (auto appended = append(std::move(*bytes)); !appended) return appended;
    return false;
  }
  StoreResult<bool> append(std::string block) {
    bytes_ += block.size();
    portion_.blocks.push_back(std::move(block));
    if (bytes_ < kPortionBytes) return true;
    if (auto written = write(); !written) return tl::unexpected(written.error());
    return true;
  }
  StoreResult<void> write() {
    if (portion_.blocks.empty()) return {};
    bytes_ = 0;
    if (auto kept_up = indexes_.await(); !kept_up) return kept_up;
    if (auto taken = store_.take(std::exchange(portion_, {})); !taken) return taken;
    indexes_.wake();
    return {};
  }

  RestoredStore& store_;
  const RestoreUntil& until_;
  IndexThread indexes_;
  ChainCopy portion_;
  std::size_t bytes_ = 0;  // of the portion
  bool is_cut_ = false;
};

// That the backup has the point in time.
StoreResult<void> check_until(const BackupFolder& from, const Manifest& manifest,
                              const RestoreUntil& until) {
  const auto end = manifest.end().sequence;
  if (manifest.written == 0 && manifest.segments.empty()) {
    return store_error(StoreFault::io, "the backup in " + from.path().string() +
                                           " has nothing yet: its first run did not end");
  }
  const bool has_sequence = until.sequence != RestoreUntil{}.sequence;
  if (has_sequence && until.sequence > end) {
    return store_error(StoreFault::io, "the backup in " + from.path().string() +
                                           " goes to sequence " + std::to_string(end) +
                                           ", and does not have " + std::to_string(until.sequence));
  }
  const bool has_time = until.time != RestoreUntil{}.time;
  if (has_time &&
      (manifest.segments.empty() || until.time < manifest.segments.front().first_time)) {
    return store_error(
        StoreFault::io,
        "the backup in " + from.path().string() + " has no record of that time" +
            (manifest.segments.empty()
                 ? ": it is of an empty ledger"
                 : ": its first is of " + std::to_string(manifest.segments.front().first_time) +
                       " ms since 1970"));
  }
  if (has_time && until.time > std::max(manifest.written, manifest.segments.back().last_time)) {
    return store_error(StoreFault::io, "the backup in " + from.path().string() +
                                           " was brought up to date before that time, at " +
                                           std::to_string(manifest.written) +
                                           " ms since 1970, and lacks what came later");
  }
  return {};
}

StoreResult<void> copy_segments(const BackupFolder& from, const Manifest& manifest,
                                const RestoreUntil& until, Copy& copy,
                                const std::function<void(const RestoreProgress&)>& progress) {
  const auto last = std::min(until.sequence, manifest.end().sequence);
  ChainEnd end;
  for (const Segment& segment : manifest.segments) {
    if (segment.first > until.sequence || segment.first_time > until.time) break;
    auto reader = SegmentReader::open(from, segment, end);
    if (!reader) return tl::unexpected(reader.error());
    while (true) {
      const auto block = reader->next();
      if (!block) return tl::unexpected(block.error());
      if (!*block) break;
      const auto goes_on = copy.take(**block);
      if (!goes_on) return tl::unexpected(goes_on.error());
      if (progress) progress({(*block)->last(), last});
      if (!*goes_on) return {};
    }
    end = {segment.last, segment.hash};
  }
  return {};
}

}  // namespace

StoreResult<Restored> restore(const BackupFolder& from, const std::filesystem::path& directory,
                              const StoreOptions& options, const RestoreUntil& until,
                              const std::function<void(const RestoreProgress&)>& progress,
                              const std::function<bool(const Store&, const Restored&)>& verify) {
  const auto manifest = from.read_manifest();
  if (!manifest) return tl::unexpected(manifest.error());
  if (!*manifest) {
    return store_error(StoreFault::io, "there is no backup in " + from.path().string() +
                                           ": name the folder that has its manifest");
  }
  if (auto ok = check_until(from, **manifest, until); !ok) return tl::unexpected(ok.error());
  if (is_in_building_folder(from.path(), directory)) {
    return store_error(StoreFault::io, from.path().string() +
                                           " is where a restore builds the store, which begins by "
                                           "emptying it: move the backup elsewhere");
  }
  const auto place = RestorePlace::prepare(directory, options);
  if (!place) return tl::unexpected(place.error());
  Restored restored;
  restored.backup_end = (*manifest)->end().sequence;
  {
    RestoredStore store(place->medium(), options);
    if (auto opened = store.reopen(); !opened) return tl::unexpected(opened.error());
    {
      Copy copy(store, until);
      if (auto copied = copy_segments(from, **manifest, until, copy, progress); !copied) {
        return tl::unexpected(copied.error());
      }
      if (auto finished = copy.finish(); !finished) return tl::unexpected(finished.error());
      restored.is_cut = copy.is_cut();
    }
    restored.head = store.head();
    if (!verify(store, restored)) {
      return store_error(StoreFault::corrupt,
                         "the restored store is not whole, and was not put "
                         "into " +
                             directory.string());
    }
  }
  if (auto put = place->put(); !put) return tl::unexpected(put.error());
  return restored;
}

}  // namespace sg::persistence
