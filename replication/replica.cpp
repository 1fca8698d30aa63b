#include "replication/replica.hpp"

#include <algorithm>
#include <utility>

#include "ledger/invariant.hpp"

namespace sg::replication {
namespace {

// Bodies whose write is under way. Beyond it a member whose disk hangs takes no more of them.
constexpr std::size_t kMostUnstoredBytes = 64U << 20;

}  // namespace
Replica::Replica(const RaftOptions& options, ReplicaHost& host, const StoredLog& stored,
                 const HardState& hard_state, const Membership& membership)
    : host_(host),
      log_(stored),
      node_(options.node),
      core_(options, log_, hard_state, membership),
      election_ticks_(options.election_ticks),
      stored_state_(hard_state) {
  status_ = core_.status();
  set_timeout();
  pump();
}

void Replica::tick() {
  core_.tick();
  pump();
  look_at_disk();
}

// Without their bodies entries cannot be stored. More than can be stored for now is not taken: the
// leader sends it again.
bool Replica::can_take(const Message& message) const {
  if (message.kind != MessageKind::append || message.entries.empty()) return true;
  if (log_.unstored_bytes() > kMostUnstoredBytes) return false;
  return std::all_of(message.entries.begin(), message.entries.end(),
                     [](const Entry& entry) { return entry.body || !entry.has_body(); });
}

void Replica::receive(const Message& message) {
  if (!can_take(message)) return;
  // Whoever hands its office over does not know that this member cannot take it.
  if (message.kind == MessageKind::timeout_now && !may_be_elected()) return;
  arrived_ = message.entries;
  core_.step(message);
  pump();
  arrived_ = {};
}

void Replica::stored(std::uint64_t number) {
  for (Pending& pending : pending_) {
    if (pending.number <= number) pending.is_stored = true;
  }
  log_.stored(number);
  if (std::exchange(has_slow_disk_, false)) set_timeout();
  finish_pending();
  pump();
}

void Replica::applied(Index index) {
  core_.applied(index);
  pump();
}

bool Replica::propose(Term term, Index index, std::span<const Proposal> proposals) {
  // A term that could be forgotten has no entries.
  if (vote_is_under_way() || !core_.propose(term, index, proposals)) return false;
  proposed_at_ = index;
  proposed_ = proposals;
  pump();
  proposed_ = {};
  return true;
}

bool Replica::propose_changes(Term term, Index index, std::span<const MemberChange> changes) {
  const bool is_proposed = !vote_is_under_way() && core_.propose_changes(term, index, changes);
  pump();
  return is_proposed;
}

void Replica::read_index(std::string_view context) {
  core_.read_index(context);
  pump();
}

void Replica::campaign() {
  core_.campaign();
  pump();
}

bool Replica::transfer_leadership(NodeId to) {
  const bool is_begun = core_.transfer_leadership(to);
  pump();
  return is_begun;
}

bool Replica::hand_over() {
  if (!status_.leads() || status_.transferee != 0) return false;
  std::optional<MemberProgress> best;
  for (const MemberProgress& member : core_.progress()) {
    if (!member.is_voter || member.node == node_) continue;
    const auto merit = [](const MemberProgress& of) { return std::pair{of.is_active, of.matched}; };
    if (!best || merit(member) > merit(*best)) best = member;
  }
  return best && transfer_leadership(best->node);
}

void Replica::resign() {
  core_.resign();
  pump();
}

void Replica::set_electable(bool electable) {
  if (std::exchange(is_electable_, electable) != electable) set_timeout();
}

void Replica::set_timeout() {
  core_.set_election_timeout(may_be_elected() ? election_ticks_ + host_.random(election_ticks_)
                                              : RaftCore::kNoElections);
}

void Replica::report_unreachable(NodeId node) {
  core_.report_unreachable(node);
  pump();
}

void Replica::pump() {
  while (core_.has_ready()) {
    take(core_.take_ready());
    finish_pending();
  }
  look_at_status();
}

bool Replica::vote_is_under_way() const {
  return std::any_of(pending_.begin(), pending_.end(), [](const Pending& pending) {
    return pending.has_new_vote && !pending.is_stored;
  });
}

void Replica::take(Ready ready) {
  const bool has_new_vote =
      ready.hard_state.term != stored_state_.term || ready.hard_state.vote != stored_state_.vote;
  // A new commit index alone is no reason to write: it is stored with the next write, and a restart
  // that does not know it learns it from the others.
  const bool writes = has_new_vote || !ready.entries.empty();
  join_bodies(ready.entries);
  log_.append(ready.entries, ready.number);
  core_.advance();
  // Until a new term and its vote are durable nothing may show that this member knows them. It
  // could forget them, and vote or lead in that term once more. A sole voter leads and sends at
  // once.
  const bool has_to_wait = has_new_vote || vote_is_under_way();
  Pending pending{ready.number, !writes, has_new_vote, {}};
  const auto send = [&](Message& message, bool promises) {
    log_.join_bodies(message.entries);
    if (promises || has_to_wait) {
      pending.messages.push_back(std::move(message));
    } else {
      host_.send(std::move(message));
    }
  };
  for (Message& message : ready.messages) send(message, false);
  for (Message& message : ready.persisted_messages) {
    // These two say nothing of the log.
    send(message, message.kind != MessageKind::heartbeat_response &&
                      message.kind != MessageKind::read_index);
  }
  pending_.push_back(std::move(pending));
  if (writes) {
    stored_state_ = ready.hard_state;
    host_.store({ready.number, std::move(ready.entries), ready.hard_state, has_new_vote});
  }
  for (ReadState& read : ready.reads) host_.readable(std::move(read));
  if (ready.committed.empty()) return;
  CommittedEntries committed;
  for (const Entry& entry : ready.committed) {
    if (entry.kind != EntryKind::data) committed.membership = core_.apply_changes(entry);
  }
  committed.entries = std::move(ready.committed);
  host_.commit(std::move(committed));
}

// The core keeps nothing back: entries of a message or a proposal come out while it is taken.
void Replica::join_bodies(std::vector<Entry>& entries) const {
  for (Entry& entry : entries) {
    if (!entry.has_body()) continue;
    if (entry.index >= proposed_at_ && entry.index - proposed_at_ < proposed_.size()) {
      entry.body = proposed_[entry.index - proposed_at_].body;
      continue;
    }
    const auto arrived = std::find(arrived_.begin(), arrived_.end(), entry);
    ledger::invariant(arrived != arrived_.end() && arrived->body, "an entry comes with its body");
    entry.body = arrived->body;
  }
}

// In order: a ready that needed no write still waits for the writes before it.
void Replica::finish_pending() {
  while (!pending_.empty() && pending_.front().is_stored) {
    Pending done = std::move(pending_.front());
    pending_.pop_front();
    core_.persisted(done.number);
    for (Message& message : done.messages) host_.send(std::move(message));
  }
}

void Replica::look_at_status() {
  const Status before = std::exchange(status_, core_.status());
  if (status_.term == before.term && status_.role == before.role &&
      status_.leader == before.leader) {
    return;
  }
  // A new timeout for each attempt, so that members do not meet again and again.
  set_timeout();
  ticks_behind_ = 0;
  host_.changed(status_);
}

// A slow disk that all members share leaves nobody behind the majority, and deposes nobody.
void Replica::look_at_disk() {
  if (!status_.leads() || status_.persisted >= status_.commit) {
    ticks_behind_ = 0;
    return;
  }
  ++ticks_behind_;
  if (ticks_behind_ < election_ticks_) return;
  has_slow_disk_ = true;
  if (ticks_behind_ == election_ticks_ && hand_over()) return;
  // Nobody took it within the time that the engine gives to a transfer.
  if (ticks_behind_ >= 2 * election_ticks_ || status_.transferee == 0) {
    core_.resign();
    pump();
  }
}

}  // namespace sg::replication
