// The log of what this server answered and refused, for auditors: lines of JSON in files of one
// folder. Each line has the hash of the line before it, so none can be changed or taken out of the
// middle unseen. What commits stands in the chain itself (persistence/chain/extension.hpp).
//
//   auto log = AuditLog::open("data/audit", 1 << 30, tell);
//   (*log)->add({.caller = "ops", .method = "GetTree", .outcome = "OK"});
//   auto page = (*log)->read(1, 100);
//
// A line: {"number":7,"time":MS,"caller":"ops","peer":"ipv4:10.0.0.1:4000","method":"GetTree",
//          "subject":"","outcome":"OK","items":1,"refused":0,"dropped":0,"previous":"HEX"}
//
// Durability: written and synced once a second, and at the end. A crash may lose the last second; a
// line that was cut off is removed at the next opening.
//
// Bounds: what waits to be written is bounded, and so are the files together. Of calls whose caller
// is not known, and of those that are too many, kMostOfStrangers a second have a line: so nobody
// can push the lines of others out. Events that do not fit are dropped, and counted in "dropped" of
// the next line. The oldest file goes when there are too many bytes; a line with the outcome
// REMOVED says how many lines went with it.
//
// Concurrency: add() and read() from any thread; a thread of its own writes.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <tl/expected.hpp>
#include <vector>

namespace sg::security {

struct AuditEvent {
  std::int64_t time = 0;  // ms since 1970
  std::string caller;     // empty: it is not known
  std::string peer;
  std::string method;
  std::string subject;  // what it was about: an id
  std::string outcome;  // "OK", or the reason of the refusal
  std::uint64_t items = 1;
  std::uint64_t refused = 0;
};

struct AuditLines {
  std::uint64_t first = 0;  // the number of the first line
  std::vector<std::string> lines;
};

class AuditLog {
 public:
  // A sentence for the server's log: a failure, once, and when it is over.
  using Tell = std::function<void(const std::string&)>;

  // Makes the folder if it is not there. The error is a sentence.
  static tl::expected<std::unique_ptr<AuditLog>, std::string> open(std::filesystem::path folder,
                                                                   std::uint64_t max_bytes,
                                                                   Tell tell);
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  static constexpr int kMostOfStrangers = 20;  // lines a second
  // Never waits for the disk.
  void add(AuditEvent event);

  // Lines from that number on, without their line breaks, oldest first; fewer than `limit` at the
  // end. Lines that the bound has removed are passed over. Only what is written is shown.
  tl::expected<AuditLines, std::string> read(std::uint64_t number, std::size_t limit) const;
  // Events without a line of their own, since the start. Any thread.
  std::uint64_t dropped() const { return dropped_in_all_.load(std::memory_order_relaxed); }
  // Writes and syncs what waits. For tests, and the end.
  void flush();

 private:
  struct Segment {
    std::uint64_t first = 0;  // the number of its first line
    std::uint64_t lines = 0;
    std::uint64_t bytes = 0;
    // Where every kMarkEvery-th line begins, as far as reads have come: so a page costs itself.
    std::vector<std::uint64_t> marks{};
  };
  static constexpr std::uint64_t kMarkEvery = 1'000;

  AuditLog(std::filesystem::path folder, std::uint64_t max_bytes, Tell tell);
  // Each returns a sentence if it fails.
  tl::expected<void, std::string> find_segments();
  tl::expected<void, std::string> recover_last();
  tl::expected<void, std::string> begin_segment();
  tl::expected<void, std::string> write(const std::string& bytes);
  void run();
  // Writes what waits. Needs: only one thread at a time, see writing_.
  void write_waiting();
  std::string to_line(const AuditEvent& event, std::uint64_t dropped);
  void remove_oldest();
  std::filesystem::path path_of(const Segment& segment) const;
  // Appends lines of the segment from `number` on, until the page has `limit`.
  tl::expected<void, std::string> read_segment(Segment segment, std::uint64_t number,
                                               std::size_t limit, AuditLines& page) const;

  const std::filesystem::path folder_;
  const std::uint64_t max_bytes_;
  const Tell tell_;

  std::mutex writing_;      // held while lines are written; guards the five below
  int file_ = -1;           // of the last segment
  std::uint64_t next_ = 1;  // the number of the next line
  std::string previous_;    // the hash of the last line, in hexadecimal
  bool is_failing_ = false;
  std::vector<std::string> pending_;  // lines that a failed write has left

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  mutable std::vector<Segment> segments_;  // oldest first; reads add marks
  std::deque<AuditEvent> waiting_;
  std::uint64_t waiting_bytes_ = 0;
  std::uint64_t dropped_ = 0;  // since the last line
  std::atomic<std::uint64_t> dropped_in_all_{0};
  int of_strangers_ = 0;  // lines since the last writing
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace sg::security
