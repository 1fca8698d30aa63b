#include "cli/records/output_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace sg::cli {
namespace {

constexpr int kOwnerOnly = 0600;

std::string because(const std::string& path, const char* what) {
  return path + ": " + what + ": " + std::strerror(errno);
}

}  // namespace

OutputFile::OutputFile(std::string path, int descriptor, std::ostream* stream)
    : path_(std::move(path)), descriptor_(descriptor), stream_(stream) {}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      stream_(other.stream_) {}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

tl::expected<OutputFile, std::string> OutputFile::create(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly);
  if (descriptor >= 0) {
    OutputFile file(path, descriptor, nullptr);
    if (const auto locked = file.lock(); !locked) return tl::unexpected(locked.error());
    return file;
  }
  if (errno == EEXIST) {
    return tl::unexpected(path +
                          ": is there already: --resume goes on after its last record, or name "
                          "another file");
  }
  return tl::unexpected(because(path, "cannot be made"));
}

tl::expected<OutputFile, std::string> OutputFile::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return tl::unexpected(because(path, "cannot be read and written"));
  OutputFile file(path, descriptor, nullptr);
  if (const auto locked = file.lock(); !locked) return tl::unexpected(locked.error());
  return file;
}

tl::expected<void, std::string> OutputFile::lock() {
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return {};
  if (errno == EWOULDBLOCK) return tl::unexpected(path_ + ": another export is writing it");
  return failure("cannot be locked");
}

tl::expected<void, std::string> OutputFile::cut(std::uint64_t bytes) {
  const auto end = static_cast<off_t>(bytes);
  if (::ftruncate(descriptor_, end) == 0 && ::lseek(descriptor_, end, SEEK_SET) == end) return {};
  return failure("cannot be cut to its last record");
}

OutputFile OutputFile::of(std::ostream& stream) { return {"stdout", -1, &stream}; }

tl::unexpected<std::string> OutputFile::failure(const char* what) const {
  return tl::unexpected(because(path_, what));
}

tl::expected<void, std::string> OutputFile::write(std::string_view text) {
  if (stream_ != nullptr) {
    stream_->write(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream_->good()) return {};
    return tl::unexpected(path_ + ": cannot be written");
  }
  while (!text.empty()) {
    const auto wrote = ::write(descriptor_, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return failure("cannot be written");
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

tl::expected<void, std::string> OutputFile::sync() {
  if (stream_ != nullptr) {
    if (stream_->flush().good()) return {};
    return tl::unexpected(path_ + ": cannot be written");
  }
  // A pipe or a device has nothing to sync, and not every file system can sync a folder.
  const auto is_synced = [](int descriptor) {
    return ::fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS;
  };
  if (!is_synced(descriptor_)) return failure("cannot be brought to the disk");
  const auto folder = std::filesystem::absolute(path_).parent_path();
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // A folder that may not be read cannot be synced by this user.
  if (opened < 0) return {};
  const bool is_kept = is_synced(opened);
  ::close(opened);
  if (is_kept) return {};
  return failure("its folder cannot be brought to the disk");
}

}  // namespace sg::cli
