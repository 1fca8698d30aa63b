#include "server/restore.hpp"

#include <unistd.h>

#include <chrono>
#include <iostream>

#include "command_line/time_text.hpp"
#include "server/offline_verify.hpp"

namespace sg::server {
namespace {

using Clock = std::chrono::steady_clock;
using persistence::Sequence;

// Progress: a line that overwrites itself on a terminal, and otherwise a line now and then.
constexpr std::chrono::milliseconds kOnTerminal{200};
constexpr std::chrono::seconds kInLog{10};

class Progress {
 public:
  void tell(const persistence::RestoreProgress& at) {
    const auto now = Clock::now();
    if (now - told_ < (terminal_ ? Clock::duration(kOnTerminal) : Clock::duration(kInLog))) return;
    told_ = now;
    std::cerr << (terminal_ ? "\r" : "") << "restoring: " << at.sequence << " of " << at.until
              << " records" << (terminal_ ? "" : "\n") << std::flush;
  }
  void end() const {
    if (terminal_) std::cerr << '\r';
  }

 private:
  const bool terminal_ = isatty(STDERR_FILENO) != 0;
  Clock::time_point told_ = Clock::now();
};

// Where the restored ledger ends, and why there.
std::string end_text(const persistence::Restored& restored,
                     const persistence::RestoreUntil& until) {
  const auto& head = restored.head;
  auto text = head.sequence == 0 ? "restored an empty ledger"
                                 : "restored up to sequence " + std::to_string(head.sequence) +
                                       " of " + command_line::iso_8601(head.time);
  const persistence::RestoreUntil all;
  if (until.sequence != all.sequence && head.sequence < until.sequence) {
    text += "; " + std::to_string(until.sequence) +
            " is in the middle of a batch that was committed as a whole, which is left out";
  }
  if (head.sequence < restored.backup_end) {
    text += "; the backup goes to " + std::to_string(restored.backup_end);
  }
  return text;
}

}  // namespace

bool restore_store(const config::Settings& settings, const persistence::StoreOptions& options,
                   const RestoreAsk& ask) {
  const auto fail = [](const std::string& message) {
    std::cerr << "error: " << message << '\n';
    return false;
  };
  const auto folder = persistence::BackupFolder::open(ask.from);
  if (!folder) return fail("the backup: " + folder.error().message);
  Progress progress;
  const auto restored = persistence::restore(
      *folder, settings.storage.path, options, ask.until,
      [&](const persistence::RestoreProgress& at) { progress.tell(at); },
      [&](const persistence::Store& store, const persistence::Restored& made) {
        progress.end();
        std::cout << end_text(made, ask.until) << std::endl;
        return actors::verify_offline(store);
      });
  progress.end();
  if (!restored) return fail(restored.error().message);
  std::cout << "the store is in " << settings.storage.path.string()
            << " and belongs to no cluster: start scalegraphd on it\n";
  return true;
}

}  // namespace sg::server
