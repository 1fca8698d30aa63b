#include "persistence/backup/backup_run.hpp"

#include <numeric>
#include <optional>
#include <utility>

#include "persistence/backup/segment.hpp"

namespace sg::persistence {
namespace {

// Read from the store at once.
constexpr std::uint64_t kPortionBytes = 1UL << 20;
// Of a verification: how often progress is told.
constexpr std::uint64_t kTellEveryBytes = 1UL << 20;
constexpr std::size_t kMaxProblems = 100;

tl::unexpected<StoreError> foreign(const BackupFolder& folder, const ChainEnd& end,
                                   const Store& store) {
  const auto here = store.durable();
  const auto there = std::to_string(end.sequence);
  const auto why = end.sequence > here
                       ? "it goes to sequence " + there + ", and the ledger here to " +
                             std::to_string(here) +
                             ". A node of a cluster that is behind has to catch up; otherwise"
                       : "its chain up to sequence " + there + " is not the chain here:";
  return store_error(StoreFault::corrupt,
                     "the backup in " + folder.path().string() + " cannot go on: " + why +
                         " it is the backup of another ledger, or of what this one was before it "
                         "was restored, so take another name");
}

// The manifest that is there, or an empty one. Nobody but a backup has written into the folder.
StoreResult<Manifest> begin(const BackupFolder& folder) {
  auto manifest = folder.read_manifest();
  if (!manifest) return tl::unexpected(manifest.error());
  if (*manifest) return std::move(**manifest);
  if (auto ok = folder.check_foreign_files(); !ok) return tl::unexpected(ok.error());
  return Manifest{};
}

// The store itself cannot be read: that is no fault of the backup.
tl::unexpected<StoreError> store_unreadable(const StoreError& error) {
  return store_error(StoreFault::io,
                     "the store of this server cannot be backed up, verify it and keep the "
                     "backups: " +
                         error.message);
}

// Appends to one backup, a portion at a time.
class Run {
 public:
  // `now`: when it was settled how far the run goes.
  Run(const BackupFolder& folder, const BackupOptions& options, Manifest manifest, TimeMs now)
      : folder_(folder),
        options_(options),
        now_(now),
        end_(manifest.end()),
        run_{std::move(manifest)} {}

  const ChainEnd& end() const { return end_; }
  std::uint64_t bytes() const { return run_.bytes; }

  StoreResult<void> add(const ChainCopy& chain) {
    for (const auto& block : chain.blocks) {
      if (!segment_) {
        auto begun = SegmentWriter::begin(folder_, end_);
        if (!begun) return tl::unexpected(begun.error());
        segment_.emplace(std::move(*begun));
      }
      const auto before = segment_->bytes();
      if (auto added = segment_->add(block); !added) return added;
      run_.bytes += segment_->bytes() - before;
      end_ = segment_->end();
      if (segment_->bytes() < options_.segment_bytes) continue;
      if (auto closed = close(); !closed) return closed;
      if (auto written = write(run_.manifest.written); !written) return written;
    }
    return {};
  }
  // The backup is up to date.
  StoreResult<BackupRun> finish() {
    if (segment_) {
      if (auto closed = close(); !closed) return tl::unexpected(closed.error());
    }
    if (auto written = write(now_); !written) return tl::unexpected(written.error());
    return std::move(run_);
  }
  // What was not closed is given up.
  BackupRun cancel() {
    segment_.reset();
    run_.is_cancelled = true;
    return std::move(run_);
  }

 private:
  StoreResult<void> close() {
    auto closed = segment_->close();
    if (!closed) return tl::unexpected(closed.error());
    segment_.reset();
    run_.manifest.segments.push_back(*closed);
    is_named_ = false;
    return {};
  }
  StoreResult<void> write(TimeMs time) {
    run_.manifest.written = time;
    auto written = folder_.write_manifest(run_.manifest);
    if (written) {
      is_named_ = true;
    } else if (!is_named_) {
      give_back();
    }
    return written;
  }
  // Frees the place of the last segment, unless a manifest names it: the failure may have come
  // after the renaming.
  void give_back() {
    const auto there = folder_.read_manifest();
    if (!there) return;
    if (*there && (*there)->end() == run_.manifest.end()) return;
    folder_.remove(file_name(run_.manifest.segments.back()));
  }

  const BackupFolder& folder_;
  const BackupOptions& options_;
  const TimeMs now_;
  ChainEnd end_;
  BackupRun run_;
  std::optional<SegmentWriter> segment_;
  bool is_named_ = true;  // the last segment, by the manifest that was written last
};

// Reads the segment to its end. Tells false if it was cancelled.
template <class Tell>
StoreResult<bool> read_segment(const BackupFolder& folder, const Segment& segment,
                               const ChainEnd& after, BackupReport& report, Tell tell) {
  auto reader = SegmentReader::open(folder, segment, after);
  if (!reader) return tl::unexpected(reader.error());
  std::uint64_t told = 0;
  while (true) {
    const auto block = reader->next();
    if (!block) return tl::unexpected(block.error());
    // Segments may be small, and many.
    if (!*block) return tell(segment.last, reader->bytes_read());
    ++report.blocks;
    if (reader->bytes_read() - told < kTellEveryBytes) continue;
    told = reader->bytes_read();
    if (!tell((*block)->last(), told)) return false;
  }
}

}  // namespace

StoreResult<BackupRun> run_backup(const Store& store, const BackupFolder& folder,
                                  const BackupOptions& options,
                                  const std::function<bool(const BackupProgress&)>& progress) {
  // Once before anything is written there, the lock too.
  if (auto ok = begin(folder); !ok) return tl::unexpected(ok.error());
  const auto lock = folder.lock();
  if (!lock) return tl::unexpected(lock.error());
  auto manifest = begin(folder);
  if (!manifest) return tl::unexpected(manifest.error());
  // So that a folder with segments and without a manifest is one that has lost it.
  if (manifest->segments.empty()) {
    if (auto written = folder.write_manifest(*manifest); !written) {
      return tl::unexpected(written.error());
    }
  }
  const auto now = options.now();
  const auto until = store.durable();
  Run run(folder, options, std::move(*manifest), now);
  while (true) {
    if (options.has_room && !options.has_room()) {
      return store_error(StoreFault::no_space,
                         "the ledger is on the same disk, which has less than " +
                             std::to_string(kLeastFreeBytes >> 20) + " MiB left for it");
    }
    const auto chain = store.read_blocks(run.end(), until, kPortionBytes);
    if (!chain) return store_unreadable(chain.error());
    if (!*chain) return foreign(folder, run.end(), store);
    if ((*chain)->blocks.empty()) {
      if (run.end().sequence >= until) return run.finish();
      return store_unreadable({StoreFault::corrupt, "its chain ends at sequence " +
                                                        std::to_string(run.end().sequence) +
                                                        ", before " + std::to_string(until)});
    }
    if (auto added = run.add(**chain); !added) return tl::unexpected(added.error());
    if (progress && !progress({run.end().sequence, until, run.bytes(), 0})) return run.cancel();
  }
}

StoreResult<BackupReport> verify_backup(
    const BackupFolder& folder, const std::function<bool(const BackupProgress&)>& progress) {
  auto manifest = folder.read_manifest();
  if (!manifest) return tl::unexpected(manifest.error());
  if (!*manifest) {
    return store_error(StoreFault::io, "there is no backup in " + folder.path().string());
  }
  BackupReport report{std::move(**manifest), 0, 0, false, {}};
  const auto& segments = report.manifest.segments;
  const auto total = std::accumulate(
      segments.begin(), segments.end(), std::uint64_t{0},
      [](std::uint64_t sum, const Segment& segment) { return sum + segment.bytes; });
  ChainEnd end;
  for (const Segment& segment : segments) {
    const auto read =
        read_segment(folder, segment, end, report, [&](Sequence sequence, std::uint64_t bytes) {
          return !progress ||
                 progress({sequence, report.manifest.end().sequence, report.bytes + bytes, total});
        });
    if (read && !*read) {
      report.is_cancelled = true;
      return report;
    }
    if (!read && report.problems.size() < kMaxProblems) {
      report.problems.push_back(read.error().message);
    }
    report.bytes += segment.bytes;
    // The manifest has it too, so the next segment is read although this one is damaged.
    end = {segment.last, segment.hash};
  }
  return report;
}

}  // namespace sg::persistence
