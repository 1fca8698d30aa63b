#include "faults/fault_injection.hpp"

#include <algorithm>
#include <utility>

namespace sg::faults {
namespace {

// In the order of the enumerators. A point without a name here has an empty one.
constexpr std::array<std::string_view, kPoints> kPointNames{
    "gateway_before_submit",    "coordinator_before_fence", "coordinator_before_locks",
    "shard_before_votes",       "shard_after_votes",        "coordinator_before_commit",
    "journal_before_commit",    "journal_between_units",    "journal_before_applied",
    "journal_after_applied",    "disk_before_write",        "disk_before_sync",
    "store_before_mark",        "store_before_push",        "journal_before_reply",
    "coordinator_before_reply", "shard_before_apply",       "shard_after_apply",
    "indexer_before_pages",     "indexer_before_marker",    "marker_before_sync",
    "indexer_after_marker",     "index_before_ingest",      "index_before_publish",
    "index_before_retire",      "opening_before_repair",    "opening_before_mark",
    "journal_before_load",      "shard_before_attach",      "shard_before_load",
    "log_before_telling"};

// In the order of the enumerators, like kPointNames.
constexpr std::array<std::string_view, kDefects> kDefectNames{"none",
                                                              "release_before_vote",
                                                              "skip_fence",
                                                              "heed_left_behind",
                                                              "keep_predecessors_locks",
                                                              "votes_of_the_dead",
                                                              "drop_waiter",
                                                              "wake_nobody",
                                                              "skip_sync",
                                                              "reply_before_sync",
                                                              "apply_twice",
                                                              "commit_twice",
                                                              "replay_twice",
                                                              "forget_keys",
                                                              "checkpoint_ahead",
                                                              "forget_dirty_page",
                                                              "forget_taken_page",
                                                              "read_unsynced",
                                                              "refuse_unsynced",
                                                              "tell_none",
                                                              "attach_unsynced",
                                                              "replay_in_part",
                                                              "age_by_pause",
                                                              "marker_before_pages",
                                                              "reuse_reference",
                                                              "seal_unchecked",
                                                              "reversal_race",
                                                              "exclusive_early",
                                                              "leak_admission",
                                                              "refuse_without_round",
                                                              "read_without_round",
                                                              "heed_old_term",
                                                              "forget_uncommitted_keys",
                                                              "commit_at_write",
                                                              "catalog_at_write",
                                                              "policy_at_write",
                                                              "raise_level_early",
                                                              "tell_none_of_waiting",
                                                              "list_ahead"};

// Needs a `text` that is not empty, or it might find a missing name.
template <class Value, std::size_t count>
std::optional<Value> parse(const std::array<std::string_view, count>& names,
                           std::string_view text) {
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Value>(found - names.begin());
}

}  // namespace

std::string_view to_string(Point point) { return kPointNames[static_cast<std::size_t>(point)]; }
std::string_view to_string(Defect defect) { return kDefectNames[static_cast<std::size_t>(defect)]; }
std::optional<Point> parse_point(std::string_view text) { return parse<Point>(kPointNames, text); }
std::optional<Defect> parse_defect(std::string_view text) {
  return parse<Defect>(kDefectNames, text);
}

#ifdef SCALEGRAPH_FAULT_INJECTION
namespace {

// A local static is made at the first call. A static object of a test may set the handler in its
// constructor, before the statics of this file would be ready.
std::function<void(Point)>& the_handler() {
  static std::function<void(Point)> handler;
  return handler;
}
// A constant initial value, so a static object may set it too.
Defect the_defect = Defect::none;

}  // namespace

void set_handler(std::function<void(Point)> handler) { the_handler() = std::move(handler); }
void set_defect(Defect defect) { the_defect = defect; }
void reach(Point point) {
  if (const auto& handler = the_handler()) handler(point);
}
bool has(Defect defect) { return the_defect == defect; }
#endif

}  // namespace sg::faults
