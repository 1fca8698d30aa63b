// What follows from a call of an export or an import that has failed: it is sent again after a
// while, it is divided, or it ends the command.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <string_view>
#include <thread>

#include "cli/output/errors.hpp"

namespace sg::cli {

// The ledger took nothing of the call, and takes it when it has less to do.
inline bool is_overloaded(const Failure& failure) {
  const auto outcome = failure.metadata.find("outcome");
  return failure.reason == "OVERLOADED" &&
         (outcome == failure.metadata.end() || outcome->second == "none");
}

// The message is larger than the server takes. gRPC says so, and not the ledger.
inline bool is_too_large(const Failure& failure) {
  return failure.code == "RESOURCE_EXHAUSTED" && failure.reason == failure.code;
}

// The ledger refuses what it was asked for. Otherwise it could not work on the call, and the same
// may succeed later.
inline bool is_refusal(const Failure& failure) {
  constexpr std::array<std::string_view, 5> kCodes = {
      "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "OUT_OF_RANGE"};
  return std::ranges::find(kCodes, failure.code) != kCodes.end();
}

// The failure with the exit code of a lost connection if the ledger could not work on the call: it
// stops, has no leader, is not there, or is not upgraded yet.
inline Failure of_call(Failure failure) {
  constexpr std::array<std::string_view, 3> kAway = {"UNAVAILABLE", "DEADLINE_EXCEEDED",
                                                     "CANCELLED"};
  if (std::ranges::find(kAway, failure.code) != kAway.end()) failure.exit_code = kUnreachable;
  // Of a ledger from before there were such fields.
  if (failure.reason == "FIELD_UNKNOWN") {
    failure.exit_code = kUnreachable;
    failure.hint =
        "the ledger runs an older program than this one: upgrade it, then the same "
        "command goes on";
  }
  return failure;
}

// Pauses between attempts, each about twice as long as the one before.
class Backoff {
 public:
  // Waits. False, at once: a minute of waiting was enough.
  bool wait() {
    if (waited_ >= kEnough) return false;
    // Somewhere in its upper half, so that many clients do not come back at once.
    std::uniform_int_distribution<std::chrono::milliseconds::rep> pauses(longest_.count() / 2,
                                                                         longest_.count());
    const std::chrono::milliseconds pause(pauses(dice_));
    std::this_thread::sleep_for(pause);
    waited_ += pause;
    longest_ = std::min(2 * longest_, kLongest);
    return true;
  }
  // There was progress.
  void reset() {
    longest_ = kFirst;
    waited_ = {};
  }

 private:
  static constexpr std::chrono::milliseconds kFirst{20};
  static constexpr std::chrono::milliseconds kLongest{5000};
  static constexpr std::chrono::milliseconds kEnough{60'000};

  std::minstd_rand dice_{std::random_device()()};
  std::chrono::milliseconds longest_ = kFirst;
  std::chrono::milliseconds waited_{};
};

}  // namespace sg::cli
