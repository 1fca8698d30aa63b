#include "security/audit_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "security/bytes.hpp"

namespace sg::security {
namespace {

using nlohmann::ordered_json;

constexpr std::chrono::seconds kWriteEvery{1};
constexpr std::uint64_t kMostWaitingBytes = 16 << 20;
constexpr std::uint64_t kSegments = 16;  // the bound is kept by removing the oldest of so many
constexpr std::uint64_t kLeastSegmentBytes = 64 << 10;
constexpr std::uint64_t kMostSegmentBytes = 16
                                            << 20;  // the first read of one goes through all of it
constexpr std::size_t kEventBytes = 128;            // beside its texts
constexpr std::size_t kMostTextBytes = 1'024;
constexpr std::string_view kPrefix = "audit-";
constexpr std::string_view kSuffix = ".log";
constexpr int kNumberDigits = 16;

const std::string kNoHash(64, '0');

std::string reason() { return std::generic_category().message(errno); }

std::uint64_t bytes_of(const AuditEvent& event) {
  return kEventBytes + event.caller.size() + event.peer.size() + event.method.size() +
         event.subject.size() + event.outcome.size();
}

// A client may send ids of any length: only their beginning is kept, from the first moment on.
void cut(std::string& text) {
  if (text.size() > kMostTextBytes) text = text.substr(0, kMostTextBytes);
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

AuditLog::AuditLog(std::filesystem::path folder, std::uint64_t max_bytes, Tell tell)
    : folder_(std::move(folder)),
      max_bytes_(max_bytes),
      tell_(std::move(tell)),
      previous_(kNoHash) {}

tl::expected<std::unique_ptr<AuditLog>, std::string> AuditLog::open(std::filesystem::path folder,
                                                                    std::uint64_t max_bytes,
                                                                    Tell tell) {
  std::unique_ptr<AuditLog> log(new AuditLog(std::move(folder), max_bytes, std::move(tell)));
  std::error_code failed;
  std::filesystem::create_directories(log->folder_, failed);
  if (failed) {
    return tl::unexpected("cannot make " + log->folder_.string() + ": " + failed.message());
  }
  if (auto found = log->find_segments(); !found) return tl::unexpected(found.error());
  if (auto recovered = log->recover_last(); !recovered) return tl::unexpected(recovered.error());
  log->thread_ = std::thread([&log = *log] { log.run(); });
  return log;
}

AuditLog::~AuditLog() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  if (file_ >= 0) ::close(file_);
}

std::filesystem::path AuditLog::path_of(const Segment& segment) const {
  std::array<char, 32> digits{};
  std::snprintf(digits.data(), digits.size(), "%0*llu", kNumberDigits,
                static_cast<unsigned long long>(segment.first));
  return folder_ / (std::string(kPrefix) + digits.data() + std::string(kSuffix));
}

tl::expected<void, std::string> AuditLog::find_segments() {
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, failed)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) continue;
    Segment segment;
    const auto* begin = name.data() + kPrefix.size();
    const auto [end, error] = std::from_chars(begin, name.data() + name.size(), segment.first);
    if (error != std::errc{} || end != name.data() + name.size() - kSuffix.size()) continue;
    segments_.push_back(segment);
  }
  if (failed) return tl::unexpected("cannot read " + folder_.string() + ": " + failed.message());
  std::sort(segments_.begin(), segments_.end(),
            [](const Segment& a, const Segment& b) { return a.first < b.first; });
  for (std::size_t i = 0; i + 1 < segments_.size(); ++i) {
    segments_[i].lines = segments_[i + 1].first - segments_[i].first;
    segments_[i].bytes = std::filesystem::file_size(path_of(segments_[i]), failed);
    if (failed) {
      return tl::unexpected("cannot read " + path_of(segments_[i]).string() + ": " +
                            failed.message());
    }
  }
  return {};
}

// Removes a line that a crash has cut off, and finds the number and hash to go on from.
tl::expected<void, std::string> AuditLog::recover_last() {
  if (segments_.empty()) return begin_segment();
  auto& last = segments_.back();
  std::ifstream in(path_of(last), std::ios::binary);
  std::string line;
  std::uint64_t whole = 0;
  for (; std::getline(in, line) && !in.eof(); ++last.lines) {
    whole += line.size() + 1;
    previous_ = to_hex(sha256(line));
  }
  // Otherwise what cannot be read would be taken for a line that was cut off.
  if (!in.is_open() || in.bad() || !in.eof()) {
    return tl::unexpected("cannot read " + path_of(last).string());
  }
  last.bytes = whole;
  next_ = last.first + last.lines;
  file_ = ::open(path_of(last).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file_ < 0 || ::ftruncate(file_, static_cast<off_t>(whole)) != 0) {
    return tl::unexpected("cannot open " + path_of(last).string() + ": " + reason());
  }
  // A crash may have come right after the file was begun.
  for (auto before = segments_.rbegin() + 1; previous_ == kNoHash && before != segments_.rend();
       ++before) {
    std::ifstream earlier(path_of(*before), std::ios::binary);
    while (std::getline(earlier, line)) previous_ = to_hex(sha256(line));
  }
  return {};
}

tl::expected<void, std::string> AuditLog::begin_segment() {
  const Segment segment{next_, 0, 0};
  const int file = ::open(path_of(segment).c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
                          S_IRUSR | S_IWUSR);
  if (file < 0) return tl::unexpected("cannot make " + path_of(segment).string() + ": " + reason());
  if (file_ >= 0) ::close(file_);
  file_ = file;
  const int folder = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    (void)::fsync(folder);
    ::close(folder);
  }
  const std::lock_guard lock(mutex_);
  if (segments_.empty() || segments_.back().first != segment.first) segments_.push_back(segment);
  return {};
}

void AuditLog::add(AuditEvent event) {
  for (auto* text : {&event.caller, &event.peer, &event.method, &event.subject, &event.outcome}) {
    cut(*text);
  }
  const auto bytes = bytes_of(event);
  const std::lock_guard lock(mutex_);
  const bool is_cheap = event.caller.empty() || event.outcome == "OVERLOADED";
  if ((is_cheap && ++of_strangers_ > kMostOfStrangers) ||
      waiting_bytes_ + bytes > kMostWaitingBytes) {
    ++dropped_;
    dropped_in_all_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  waiting_bytes_ += bytes;
  waiting_.push_back(std::move(event));
}

std::string AuditLog::to_line(const AuditEvent& event, std::uint64_t dropped) {
  const ordered_json line{
      {"number", next_},          {"time", event.time},     {"caller", event.caller},
      {"peer", event.peer},       {"method", event.method}, {"subject", event.subject},
      {"outcome", event.outcome}, {"items", event.items},   {"refused", event.refused},
      {"dropped", dropped},       {"previous", previous_}};
  auto text = line.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  ++next_;
  previous_ = to_hex(sha256(text));
  return text;
}

tl::expected<void, std::string> AuditLog::write(const std::string& bytes) {
  Segment segment;
  {
    const std::lock_guard lock(mutex_);
    segment = {segments_.back().first, 0, segments_.back().bytes};
  }
  // What an attempt that failed has left there. Appending behind half a line would spoil the log.
  if (is_failing_ && ::ftruncate(file_, static_cast<off_t>(segment.bytes)) != 0) {
    return tl::unexpected("cannot shorten " + path_of(segment).string() + ": " + reason());
  }
  std::string_view left = bytes;
  while (!left.empty()) {
    const auto written = ::write(file_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      return tl::unexpected("cannot write " + path_of(segment).string() + ": " + reason());
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fdatasync(file_) != 0) return tl::unexpected("cannot sync the audit log: " + reason());
  return {};
}

void AuditLog::write_waiting() {
  const std::lock_guard writing(writing_);
  std::deque<AuditEvent> events;
  std::uint64_t dropped = 0;
  {
    const std::lock_guard lock(mutex_);
    of_strangers_ = 0;
    // While nothing can be written, what waits stays where it is bounded.
    if (pending_.empty()) {
      events = std::exchange(waiting_, {});
      waiting_bytes_ = 0;
      dropped = std::exchange(dropped_, 0);
    }
  }
  if (events.empty() && dropped > 0) {
    events.push_back({now_ms(), "scalegraphd", {}, "audit", {}, "DROPPED", dropped, 0});
  }
  for (const auto& event : events) pending_.push_back(to_line(event, std::exchange(dropped, 0)));
  if (pending_.empty()) return;
  std::string bytes;
  for (const auto& line : pending_) bytes.append(line).push_back('\n');
  auto written = write(bytes);
  if (!written) {
    if (!std::exchange(is_failing_, true)) {
      tell_("audit: " + written.error() +
            ": lines wait, and are dropped and counted beyond 16 MiB");
    }
    return;
  }
  if (std::exchange(is_failing_, false)) tell_("audit: it can be written again");
  bool is_full = false;
  {
    const std::lock_guard lock(mutex_);
    segments_.back().bytes += bytes.size();
    segments_.back().lines += pending_.size();
    is_full = segments_.back().bytes >=
              std::clamp(max_bytes_ / kSegments, kLeastSegmentBytes, kMostSegmentBytes);
  }
  pending_.clear();
  if (!is_full) return;
  remove_oldest();
  if (auto begun = begin_segment(); !begun) tell_("audit: " + begun.error());
}

void AuditLog::remove_oldest() {
  std::vector<Segment> removed;
  {
    const std::lock_guard lock(mutex_);
    std::uint64_t all = 0;
    for (const auto& segment : segments_) all += segment.bytes;
    while (segments_.size() > 1 && all > max_bytes_) {
      all -= segments_.front().bytes;
      removed.push_back(std::move(segments_.front()));
      segments_.erase(segments_.begin());
    }
  }
  std::uint64_t lines = 0;
  for (const auto& segment : removed) {
    std::error_code ignored;
    std::filesystem::remove(path_of(segment), ignored);
    lines += segment.lines;
  }
  if (lines > 0) add({now_ms(), "scalegraphd", {}, "audit", {}, "REMOVED", lines, 0});
}

void AuditLog::run() {
  for (;;) {
    bool ends = false;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kWriteEvery, [this] { return ends_; });
      ends = ends_;
    }
    write_waiting();
    if (ends) return;
  }
}

void AuditLog::flush() { write_waiting(); }

tl::expected<AuditLines, std::string> AuditLog::read(std::uint64_t number,
                                                     std::size_t limit) const {
  std::vector<Segment> segments;
  {
    const std::lock_guard lock(mutex_);
    segments = segments_;
  }
  AuditLines page{number, {}};
  for (auto& segment : segments) {
    if (segment.first + segment.lines <= number) continue;
    if (auto read = read_segment(std::move(segment), number, limit, page); !read) {
      return tl::unexpected(read.error());
    }
    if (page.lines.size() == limit) break;
  }
  return page;
}

tl::expected<void, std::string> AuditLog::read_segment(Segment segment, std::uint64_t number,
                                                       std::size_t limit, AuditLines& page) const {
  // One that was removed in the meantime has no lines.
  std::ifstream in(path_of(segment), std::ios::binary);
  auto& marks = segment.marks;
  if (marks.empty()) marks.push_back(0);
  const auto wanted = number > segment.first ? (number - segment.first) / kMarkEvery : 0;
  const auto mark = std::min<std::uint64_t>(wanted, marks.size() - 1);
  auto offset = marks[mark];
  in.seekg(static_cast<std::streamoff>(offset));
  std::string line;
  for (auto at = mark * kMarkEvery; at < segment.lines && std::getline(in, line); ++at) {
    if (at == marks.size() * kMarkEvery) marks.push_back(offset);
    offset += line.size() + 1;
    if (segment.first + at < number) continue;
    if (page.lines.empty()) page.first = segment.first + at;
    page.lines.push_back(std::move(line));
    if (page.lines.size() == limit) break;
  }
  if (in.bad()) return tl::unexpected("cannot read " + path_of(segment).string());
  const std::lock_guard lock(mutex_);
  const auto known = std::find_if(segments_.begin(), segments_.end(),
                                  [&](const Segment& one) { return one.first == segment.first; });
  if (known != segments_.end() && known->marks.size() < marks.size()) known->marks = marks;
  return {};
}

}  // namespace sg::security
