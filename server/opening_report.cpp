#include "server/opening_report.hpp"

#include "server/service_manager.hpp"
#include "telemetry/log.hpp"

namespace sg::server {
namespace {

using persistence::OpeningProgress;
using persistence::OpeningStep;
using std::chrono::milliseconds;
using telemetry::log;
using telemetry::Module;

// For the next piece of a step that is told again after each piece.
constexpr milliseconds kPiece{60'000};
// The database tells nothing while it reads its log. A slow disk reads so much of it a millisecond.
constexpr std::uint64_t kWalBytesPerMs = 4'096;
// What comes after the opening reads the same once more, when the actors start.
constexpr int kStartOfActors = 2;

constexpr std::uint64_t kMiB = 1 << 20;

milliseconds time_for(const OpeningProgress& at) {
  if (at.step != OpeningStep::database) return kPiece;
  return kPiece + milliseconds(at.total / kWalBytesPerMs);
}

}  // namespace

std::string to_text(const OpeningProgress& at) {
  const auto so_far = std::to_string(at.done) + " of " + std::to_string(at.total);
  switch (at.step) {
    case OpeningStep::database:
      return "reading the write-ahead log, " + std::to_string((at.total + kMiB - 1) / kMiB) +
             " MiB at most";
    case OpeningStep::balances:
      return "applying records to the balances of the checkpoint: " + so_far;
    case OpeningStep::accounts:
      return "reading the accounts: " + so_far;
    case OpeningStep::indexes:
      return "reading the records that no index has: " + so_far;
  }
  return so_far;
}

OpeningReport::OpeningReport(const std::filesystem::path& store,
                             std::function<Clock::time_point()> now)
    : now_(std::move(now)), begun_(now_()), said_(begun_) {
  log(Module::server).info("opening the store in {}", store.string());
  tell_status("opening the store in " + store.string());
}

void OpeningReport::told(const OpeningProgress& at) {
  const std::lock_guard lock(mutex_);
  const auto text = to_text(at);
  tell_status("opening the store: " + text);
  tell_still_busy(time_for(at));
  const auto now = now_();
  if (now - said_ < kSayEvery) return;
  said_ = now;
  log(Module::server).info("opening the store: {}", text);
}

void OpeningReport::opened(const persistence::ChainHead& head) {
  const std::lock_guard lock(mutex_);
  const auto took = std::chrono::duration_cast<milliseconds>(now_() - begun_);
  log(Module::server)
      .info("the store is open: sequence {}, {} accounts, after {} ms", head.sequence,
            head.accounts, took.count());
  tell_status("the store is open, the actors start");
  tell_still_busy(kPiece + kStartOfActors * took);
}

}  // namespace sg::server
