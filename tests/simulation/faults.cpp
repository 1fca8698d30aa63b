#include "tests/simulation/faults.hpp"

#include <string>
#include <string_view>

namespace sg::test {
namespace {

constexpr std::int64_t kLongestSync_ms = 3000;
constexpr std::int64_t kLongestStarving = 300;
// In so many steps time passes that liveness asks for, a few times over.
constexpr std::size_t kHang = 300;
// Shorter than anything is waited for.
constexpr std::int64_t kLongestStall = 60;
constexpr std::int64_t kLongestStepOfHang_ms = 250;
constexpr std::int64_t kFarthestJump_ms = 400LL * 24 * 3'600'000;
// Of a process that is stopped: many times as long as a key is kept.
constexpr std::int64_t kLongestPause_ms = 40LL * 24 * 3'600'000;
// Of a full disk, a step: when somebody makes room.
constexpr Ppm kFreed = kPercent;

// Those that are replaced when they hang; in others, or while a lock is held, the process ends.
bool may_hang(faults::Point point) {
  switch (point) {
    case faults::Point::coordinator_before_fence:
    case faults::Point::coordinator_before_locks:
    case faults::Point::coordinator_before_commit:
    case faults::Point::coordinator_before_reply:
    case faults::Point::shard_before_attach:
    case faults::Point::shard_before_votes:
    case faults::Point::shard_after_votes:
    case faults::Point::shard_before_apply:
    case faults::Point::shard_after_apply:
      return true;
    default:
      return false;
  }
}

// Of those that are passed seldom a larger share fails.
bool is_derived(faults::Point point) {
  return point >= faults::Point::indexer_before_pages &&
         point <= faults::Point::index_before_retire;
}
Ppm weight_of(faults::Point point) {
  constexpr Ppm kSeldom = 8;
  return is_derived(point) ? kSeldom : 1;
}

}  // namespace

void Faults::stop() {
  on_ = false;
  process_ = nullptr;
  for (const auto& machine : world_.machines) {
    machine->is_full = false;
    machine->disk->forget_faults();
  }
}

void Faults::step() {
  if (!on_) return;
  auto& random = world_.random;
  auto& disk = *machine_->disk;
  auto& is_full = machine_->is_full;
  const auto& chances = world_.scenario.faults;
  const auto say = [this](std::string_view what) {
    world_.trace.say([&] { return "fault: " + std::string(what); });
  };
  const auto happens = [&](Ppm chance, std::string_view what) {
    const bool yes = chance > 0 && random.chance(chance);
    if (yes) say(what);
    return yes;
  };
  if (happens(chances.write_error, "the next write fails")) disk.fail_next_write();
  if (happens(chances.sync_error, "the next sync fails")) disk.fail_next_sync();
  if (happens(chances.ingest_error, "the next ingestion fails")) disk.fail_next_ingest();
  if (happens(chances.mark_error, "the next mark fails")) disk.fail_next_mark();
  if (happens(chances.open_error, "the next opening fails")) disk.fail_next_open();
  if (is_full ? happens(kFreed, "there is room again") : happens(chances.disk_full, "disk full")) {
    is_full = !is_full;
    // Either it is told in time, by the room that is left, or a write finds out.
    disk.set_full(is_full && random.below(2) == 0);
    disk.set_free_bytes(is_full ? 0 : ~std::uint64_t{0});
  }
  if (happens(chances.clock_jump, "the wall clock jumps")) {
    world_.wall += random.between(-kFarthestJump_ms, kFarthestJump_ms);
  }
  if (process_ == nullptr || process_->is_over()) return;
  if (happens(chances.pause, "the process is stopped for a while")) {
    world_.pass(std::chrono::milliseconds(random.between(1, kLongestPause_ms)));
  }
  if (happens(chances.starve, "an actor starves")) {
    process_->starve_next(static_cast<std::size_t>(random.between(1, kLongestStarving)));
  }
  // Time flies while an actor hangs.
  if (process_->hangs_one() && !process_->stalls())
    world_.pass(std::chrono::milliseconds(random.between(1, kLongestStepOfHang_ms)));
  if (happens(chances.end, "the process ends")) process_->end(random.chance(chances.power));
}

void Faults::at(faults::Point point) {
  if (!on_) return;
  const bool is_over = process_ != nullptr && process_->is_over();
  if (is_over) return;
  auto& random = world_.random;
  const auto& chances = world_.scenario.faults;
  const auto name = std::string(to_string(point));
  if (point == faults::Point::disk_before_sync && random.chance(chances.slow_sync)) {
    world_.pass(std::chrono::milliseconds(random.between(1, kLongestSync_ms)));
  }
  const auto weight = weight_of(point);
  if (process_ != nullptr && chances.end_at_point > 0 &&
      random.chance(weight * chances.end_at_point)) {
    world_.trace.say([&] { return "fault: the process ends at " + name; });
    process_->end(random.chance(chances.power));
    throw ProcessEnded{};
  }
  if (may_hang(point) && process_ != nullptr && !process_->hangs_one() && chances.hang > 0 &&
      random.chance(chances.hang)) {
    world_.trace.say([&] { return "fault: an actor hangs at " + name; });
    return process_->hang(kHang);
  }
  if (point == faults::Point::log_before_telling && process_ != nullptr && !process_->hangs_one() &&
      chances.stall > 0 && random.chance(chances.stall)) {
    world_.trace.say([&] { return "fault: an actor stalls at " + name; });
    return process_->stall(static_cast<std::size_t>(random.between(2, kLongestStall)));
  }
  auto throws = weight * chances.throw_at_point;
  if (is_derived(point)) throws += chances.throw_at_derived;
  if (point == faults::Point::coordinator_before_commit) throws += chances.throw_at_commit;
  if (throws > 0 && random.chance(throws)) {
    world_.trace.say([&] { return "fault: a crash at " + name; });
    throw InjectedCrash("a crash at " + name);
  }
}

}  // namespace sg::test
