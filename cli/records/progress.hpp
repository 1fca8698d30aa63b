// One line of progress on a terminal, told at most ten times a second.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "cli/session/session.hpp"

namespace sg::cli {

class Progress {
 public:
  explicit Progress(Session& session) : session_(session) {}

  // `what` and the numbers: "exporting: sequence 12 of 30".
  void tell(const std::string& what, std::uint64_t at, std::uint64_t of = 0) {
    if (!session_.shows_progress()) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - told_ < kInterval) return;
    told_ = now;
    session_.console().err << kLineStart << what << at;
    if (of > 0) session_.console().err << " of " << of;
    session_.console().err << std::flush;
    is_shown_ = true;
  }
  void clear() {
    if (is_shown_) session_.console().err << kLineStart << std::flush;
    is_shown_ = false;
  }

 private:
  static constexpr std::chrono::milliseconds kInterval{100};
  // Escape sequence: go to the start of the line and clear it.
  static constexpr const char* kLineStart = "\r\033[K";

  Session& session_;
  std::chrono::steady_clock::time_point told_;
  bool is_shown_ = false;
};

}  // namespace sg::cli
