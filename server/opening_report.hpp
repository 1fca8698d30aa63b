// Says what the opening of a store waits for: in the log, and to the service manager.
//
//   OpeningReport report(path);
//   options.opening_progress = [&](const auto& at) { report.told(at); };
//   auto store = persistence::open_store(path, options);
//   if (store) report.opened((*store)->head());
//
// A short opening has two lines in the log, at its begin and at its end. A long one has another
// every few seconds, with how far it is. Each step that goes on asks the service manager for more
// time. One that stands still asks for none, and is ended.
//
// Thread safety: a store that is opened anew while the server runs reports on the journal's thread,
// so all functions may be called from any thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>

#include "persistence/medium/opening_progress.hpp"
#include "persistence/store.hpp"

namespace sg::server {

// How far a step is, as a sentence without its end: "applying records to the balances: 5 of 9".
[[nodiscard]] std::string to_text(const persistence::OpeningProgress& at);

class OpeningReport {
 public:
  using Clock = std::chrono::steady_clock;
  // The time between two lines of the log.
  static constexpr std::chrono::seconds kSayEvery{2};

  // Says that the opening begins. `now` is the clock; tests have their own.
  explicit OpeningReport(const std::filesystem::path& store,
                         std::function<Clock::time_point()> now = Clock::now);

  void told(const persistence::OpeningProgress& at);
  // The store is open, and its chain ends there.
  void opened(const persistence::ChainHead& head);

 private:
  std::mutex mutex_;
  std::function<Clock::time_point()> now_;
  Clock::time_point begun_;
  Clock::time_point said_;  // when the log had its last line
};

}  // namespace sg::server
