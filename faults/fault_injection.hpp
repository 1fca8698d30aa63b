// Points of the commit path at which a test makes the running program fail, and defects that it
// switches on to prove that the tests would find them.
//
// Compiled in only with SCALEGRAPH_FAULT_INJECTION, into libraries of their own
// (scalegraph_with_faults() in cmake/targets.cmake). In the program itself reach() and has() are
// constants: they cost nothing and can be switched on by nobody.
//
// Thread-safe, but for set_handler() and set_defect(): before the actors start, or between runs.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace sg::faults {

enum class Point : std::uint8_t {
  gateway_before_submit,  // a request was read and checked, nobody has it yet
  // --- locks and votes ---
  coordinator_before_fence,
  coordinator_before_locks,  // a batch is formed, no shard knows of it
  shard_before_votes,
  shard_after_votes,          // locks are held, nobody was told
  coordinator_before_commit,  // all have granted
  // --- the journal ---
  journal_before_commit,
  journal_between_units,   // one of the group has its sequence
  journal_before_applied,  // sequenced; the shards keep the locks
  journal_after_applied,   // early release: shards show what is not durable
  disk_before_write,
  disk_before_sync,  // written, not synced
  store_before_mark,
  store_before_push,     // durable; the indexes in memory do not know of it
  journal_before_reply,  // durable, nobody was told
  coordinator_before_reply,
  shard_before_apply,
  shard_after_apply,
  // --- what is derived ---
  indexer_before_pages,
  indexer_before_marker,
  marker_before_sync,  // written, not synced
  indexer_after_marker,
  index_before_ingest,
  index_before_publish,  // ingested, in no list
  index_before_retire,   // a merge is in the list, its inputs are there still
  // --- recovery ---
  opening_before_repair,  // looked at read-only
  opening_before_mark,    // open for writing
  journal_before_load,
  shard_before_attach,
  shard_before_load,
};
inline constexpr std::size_t kPoints = static_cast<std::size_t>(Point::shard_before_load) + 1;

// What a mistake in the code could be. `none` in every program but the tests of the tests.
enum class Defect : std::uint8_t {
  none,
  release_before_vote,      // a granted lock is not held
  skip_fence,               // the journal heeds a coordinator that has a successor
  heed_left_behind,         // one that was left behind may take its successor's place
  keep_predecessors_locks,  // a shard keeps what a fenced coordinator left undecided
  votes_of_the_dead,        // the journal counts votes of an older life of a shard
  drop_waiter,              // a queued request is forgotten
  wake_nobody,              // a queue is not judged again when a lock goes
  skip_sync,                // a group is told durable that only the log's buffer has
  reply_before_sync,
  apply_twice,          // a shard adds an amount twice
  commit_twice,         // the coordinator hands a unit over twice
  replay_twice,         // a start applies what the checkpoint has already
  forget_keys,          // a start does not read the keys that are in no index yet
  checkpoint_ahead,     // a checkpoint takes balances that are not durable
  forget_dirty_page,    // a page that changes during a checkpoint is in no later one
  forget_taken_page,    // nor is one that an indexer took and, dead, did not write
  read_unsynced,        // a balance is told before it is durable
  refuse_unsynced,      // so is a refusal
  tell_none,            // an unknown outcome is told as "nothing changed"
  attach_unsynced,      // a shard is given what is sequenced and not durable
  replay_in_part,       // an atomic batch replays its bound keys and commits its other items
  age_by_pause,         // the time that a process was stopped counts as time that it ran
  marker_before_pages,  // a checkpoint's marker is written while its pages are not durable
  leak_admission,       // a call that has ended keeps its place in the gateway
};

// "skip_sync"; parse_defect reads the same.
std::string_view to_string(Point point);
std::string_view to_string(Defect defect);
std::optional<Point> parse_point(std::string_view text);
std::optional<Defect> parse_defect(std::string_view text);
inline constexpr std::size_t kDefects = static_cast<std::size_t>(Defect::leak_admission) + 1;

#ifdef SCALEGRAPH_FAULT_INJECTION
inline constexpr bool kCompiledIn = true;
// Called at each point, on whatever thread reaches it. May throw, or end the process.
void set_handler(std::function<void(Point)> handler);
void set_defect(Defect defect);
void reach(Point point);
bool has(Defect defect);
#else
inline constexpr bool kCompiledIn = false;
constexpr void reach(Point) {}
constexpr bool has(Defect) { return false; }
#endif

}  // namespace sg::faults
