#include "persistence/rocks/rocks_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <mutex>

namespace sg::persistence {
namespace {

constexpr std::size_t kLineBytes = 2048;    // longer lines are cut
constexpr std::size_t kLogBytes = 1 << 20;  // then the file becomes LOG.old
constexpr mode_t kFileMode = 0600;

class SilentLog : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

// Writes each line with one write(), which appends. Lines of several threads do not mix.
class FileLog : public rocksdb::Logger {
 public:
  explicit FileLog(const std::filesystem::path& directory)
      : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL), directory_(directory) {
    begin_file();
  }
  ~FileLog() override { end_file(); }
  FileLog(const FileLog&) = delete;
  FileLog& operator=(const FileLog&) = delete;

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    std::array<char, kLineBytes> line;
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    std::size_t size = std::strftime(line.data(), line.size(), "%Y-%m-%dT%H:%M:%SZ ", &utc);
    const int wanted = std::vsnprintf(line.data() + size, line.size() - size, format, arguments);
    if (wanted < 0) return;
    // vsnprintf() returns the length that the line would have without the limit.
    size = std::min(size + static_cast<std::size_t>(wanted), line.size() - 1);
    line[size++] = '\n';
    const std::lock_guard lock(mutex_);
    if (written_ + size > kLogBytes) {
      end_file();
      begin_file();
    }
    written_ += size;
    // A line that cannot be written is dropped: the log must not stop the ledger.
    [[maybe_unused]] const auto ignored = ::write(file_, line.data(), size);
  }

 private:
  // Keeps the file that exists as LOG.old. Without a file, lines are dropped.
  void begin_file() {
    const auto path = directory_ / "LOG";
    std::error_code ignored;
    std::filesystem::rename(path, directory_ / "LOG.old", ignored);
    file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, kFileMode);
    if (file_ >= 0)
      (void)::fchmod(file_, kFileMode);  // the umask may have taken the owner's rights
    written_ = 0;
  }
  void end_file() {
    if (file_ >= 0) ::close(file_);
  }

  const std::filesystem::path directory_;
  std::mutex mutex_;  // guards what follows
  int file_ = -1;
  std::size_t written_ = 0;
};

}  // namespace

std::shared_ptr<rocksdb::Logger> make_rocks_log(const std::filesystem::path& directory) {
  return std::make_shared<FileLog>(directory);
}

std::shared_ptr<rocksdb::Logger> make_silent_log() { return std::make_shared<SilentLog>(); }

}  // namespace sg::persistence
