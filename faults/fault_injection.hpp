// Fault points and planted defects. A fault point is a place of the commit path at which a test can
// make the running program fail. A defect is a mistake that a test plants into the program, to
// prove that the other tests would find it.
//
//   faults::reach(faults::Point::disk_before_sync);
//   if (!faults::has(faults::Defect::skip_sync)) sync();
//
// Both exist only with SCALEGRAPH_FAULT_INJECTION. scalegraph_with_faults() in cmake/targets.cmake
// compiles libraries of their own with it. In the released program reach() and has() are constants:
// they cost nothing, and nobody can switch them on.
//
// Concurrency. reach() and has() may be called from any thread. Call set_handler() and set_defect()
// only while no actor runs.
#pragma once

#ifdef SCALEGRAPH_WITHOUT_FAULTS
#error "name this file at scalegraph_with_faults() in its layer's CMakeLists.txt"
#endif

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace sg::faults {

// The fault points. The comment says what has happened, and what has not, when a point is reached.
enum class Point : std::uint8_t {
  gateway_before_submit,  // a request was read and checked; no actor has it yet
  // --- locks and votes ---
  coordinator_before_fence,   // a new coordinator has not fenced its predecessor yet
  coordinator_before_locks,   // a batch is formed; no shard knows of it
  shard_before_votes,         // a shard has its part of the batch; it has locked nothing of it
  shard_after_votes,          // the shard holds the locks; the coordinator does not know its vote
  coordinator_before_commit,  // all votes are granted; the journal does not know
  // --- the journal ---
  journal_before_commit,     // the journal has a commit; nothing of it is sequenced
  journal_between_units,     // one unit of the group has its sequence
  journal_before_applied,    // the units are sequenced; the shards still hold the locks
  journal_after_applied,     // shards may release locks and show balances that are not durable
  disk_before_write,         // a batch that has to be synced is not written yet
  disk_before_sync,          // it is written but not synced
  store_before_mark,         // the block is synced; the high-water mark is the old one
  store_before_push,         // the block is durable; the indexes in memory do not know it
  journal_before_reply,      // the group is durable; the coordinator does not know
  coordinator_before_reply,  // the coordinator knows that it is durable; no caller was answered
  shard_before_apply,        // a shard was told to apply a transfer; it has not yet
  shard_after_apply,         // it has; the coordinator does not know the late votes that follow
  // --- derived data ---
  indexer_before_pages,   // changed balances were taken from the journal; they are not written
  indexer_before_marker,  // all balances of a checkpoint are written; its marker is not
  marker_before_sync,     // the marker is written but not synced
  indexer_after_marker,   // the checkpoint is complete
  index_before_ingest,    // pages of a run are made; the database does not have them
  index_before_publish,   // a changed list of runs is made; the database has the old one
  index_before_retire,    // a merged run is in the list; the runs that it replaces still exist
  // --- recovery ---
  opening_before_repair,  // the store was checked read-only; it is not open for writing
  opening_before_mark,    // the store is open for writing; the high-water mark is the old one
  journal_before_load,    // a new journal has read nothing yet
  shard_before_attach,    // a shard has not asked the journal for its accounts yet
  shard_before_load,      // the shard has the journal's answer; it has not loaded it
  // --- of a cluster ---
  log_before_telling,  // the store has committed entries of the log; the journal does not know
};
inline constexpr std::size_t kPoints = static_cast<std::size_t>(Point::log_before_telling) + 1;
// Those that a ledger without a cluster passes come first.
inline constexpr std::size_t kPointsOfOneNode =
    static_cast<std::size_t>(Point::shard_before_load) + 1;

// Mistakes that the code could have. A comment says what the program does wrong. The defect is
// `none` unless a test plants one.
enum class Defect : std::uint8_t {
  none,
  release_before_vote,      // a granted lock is not held
  skip_fence,               // the journal takes commits of a coordinator that was fenced
  heed_left_behind,         // an actor that hung and wakes up may replace its successor
  keep_predecessors_locks,  // a shard keeps what a fenced coordinator left undecided
  votes_of_the_dead,        // the journal counts votes of an older incarnation of a shard
  drop_waiter,              // a queued request is forgotten
  wake_nobody,              // a queue is not judged again when a lock goes
  skip_sync,                // a group is called durable, but was written without a sync
  reply_before_sync,        // the journal tells the coordinator "durable" before it writes
  apply_twice,              // a shard adds an amount twice
  commit_twice,             // the coordinator hands a unit over twice
  replay_twice,             // a start applies transfers that the checkpoint contains already
  forget_keys,              // a start does not read the keys that are in no index yet
  checkpoint_ahead,         // a checkpoint takes balances that are not durable
  forget_dirty_page,        // no later checkpoint has a page that changed during a checkpoint
  forget_taken_page,    // no later checkpoint has a page that an indexer took and failed to write
  read_unsynced,        // a read is answered with a balance that is not durable
  refuse_unsynced,      // a transfer is refused because of a balance that is not durable
  tell_none,            // a caller is told "nothing changed" when the outcome is unknown
  attach_unsynced,      // a shard gets transfers that are sequenced but not durable
  replay_in_part,       // an atomic batch replays its bound keys and commits its other items
  age_by_pause,         // keys age while the process is paused
  marker_before_pages,  // a checkpoint's marker is written while its pages are not durable
  reuse_reference,      // the journal does not see references of records that are not durable
  seal_unchecked,       // a seal does not wait for a request with its key, and nothing is looked up
  reversal_race,        // two reversals of one transaction take no notice of one another
  exclusive_early,      // a policy does not wait for those who are undecided on its account
  leak_admission,       // a call that has ended keeps its place in the gateway
  // --- of a cluster ---
  refuse_without_round,     // a node that leads no more refuses from what it last knew
  read_without_round,       // it answers reads and lists so
  heed_old_term,            // a call that was forwarded in an earlier term is carried out
  forget_uncommitted_keys,  // a retry does not meet the key of a block that is not committed
  commit_at_write,          // a follower applies and indexes blocks that are not committed
  catalog_at_write,         // rows of accounts are written before the block is committed
  policy_at_write,          // the same of rows of policies
  raise_level_early,        // the level rises though a member's program does not know it
  tell_none_of_waiting,     // a key that waited when the term ended is told "nothing changed"
  list_ahead,               // a list shows rows that the journal was not told of yet
};

// The names of the values: "skip_sync". parse_point() and parse_defect() read the same names, and
// return nullopt for any other text.
std::string_view to_string(Point point);
std::string_view to_string(Defect defect);
std::optional<Point> parse_point(std::string_view text);
std::optional<Defect> parse_defect(std::string_view text);
inline constexpr std::size_t kDefects = static_cast<std::size_t>(Defect::list_ahead) + 1;
// Those that one node alone can show come first.
inline constexpr std::size_t kDefectsOfOneNode =
    static_cast<std::size_t>(Defect::leak_admission) + 1;

#ifdef SCALEGRAPH_FAULT_INJECTION
inline constexpr bool kCompiledIn = true;  // whether faults and defects exist in this program
// Sets the function that reach() calls, on the thread that reaches the point. It may throw, or end
// the process. An empty function switches the points off.
void set_handler(std::function<void(Point)> handler);
// Plants one defect, in place of the one before.
void set_defect(Defect defect);
// Marks a fault point.
void reach(Point point);
// True if this defect is planted.
bool has(Defect defect);
#else
inline constexpr bool kCompiledIn = false;
constexpr void reach(Point) {}
constexpr bool has(Defect) { return false; }
#endif

}  // namespace sg::faults
