// What the server shows to clients: a certificate and key that fit, and who signs certificates of
// clients. Only what was checked gets here, so a mistake in a file leaves the server as it was.
//
// Concurrency: thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace sg::actors {

// In PEM.
struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string client_ca;  // empty: none

  bool operator==(const TlsFiles&) const = default;
};

class TlsMaterial {
 public:
  // Returns true if they differ from those before.
  bool set(TlsFiles files) {
    const std::lock_guard lock(mutex_);
    if (files_ == files) return false;
    files_ = std::move(files);
    ++version_;
    return true;
  }
  bool is_set() const {
    const std::lock_guard lock(mutex_);
    return version_ != 0;
  }
  // The files, if they are newer than `seen`, which is then their version.
  std::optional<TlsFiles> newer_than(std::uint64_t& seen) const {
    const std::lock_guard lock(mutex_);
    if (version_ == seen) return std::nullopt;
    seen = version_;
    return files_;
  }

 private:
  mutable std::mutex mutex_;
  TlsFiles files_;
  std::uint64_t version_ = 0;  // 0: nothing was set
};

}  // namespace sg::actors
