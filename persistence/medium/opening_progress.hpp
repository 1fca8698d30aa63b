// What the opening of a store is doing, for whoever waits for it.
//
//   options.opening_progress = [](const OpeningProgress& at) { ... at.done ... at.total ... };
//
// Each step is told when it begins, with nothing done, now and then while it goes on, and when it
// is done. Steps come in the order of OpeningStep, and once more when the store is opened for
// writing after it was looked at.
#pragma once

#include <cstdint>
#include <functional>

namespace sg::persistence {

enum class OpeningStep : std::uint8_t {
  database,  // the database reads its write-ahead log; in bytes, told at begin and end only
  balances,  // records after the checkpoint are applied to its balances; in records
  accounts,  // ids and floors are read; in accounts
  indexes,   // records that no index has are read; in records
};

struct OpeningProgress {
  OpeningStep step = OpeningStep::database;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
};

// Called on the thread that opens the store. It must not throw.
using OpeningListener = std::function<void(const OpeningProgress&)>;

// Tells a listener how far one step is: at most once for each kEvery of what is counted.
class OpeningStepReport {
 public:
  static constexpr std::uint64_t kEvery = 1 << 16;

  // The listener has to outlive this object. An empty one is told nothing.
  OpeningStepReport(const OpeningListener& listener, OpeningStep step, std::uint64_t total)
      : listener_(listener), at_{step, 0, total} {
    tell();
  }
  OpeningStepReport(const OpeningStepReport&) = delete;
  OpeningStepReport& operator=(const OpeningStepReport&) = delete;

  // So much is done; never less than before.
  void reach(std::uint64_t done) {
    if (done < at_.done + kEvery) return;
    at_.done = done;
    tell();
  }
  void finish() {
    at_.done = at_.total;
    tell();
  }

 private:
  void tell() const {
    if (listener_) listener_(at_);
  }

  const OpeningListener& listener_;
  OpeningProgress at_;
};

}  // namespace sg::persistence
