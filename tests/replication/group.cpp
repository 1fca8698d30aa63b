#include "tests/replication/group.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sg::test {

using replication::CommittedEntries;
using replication::Entry;
using replication::EntryKind;
using replication::Index;
using replication::LogWrite;
using replication::MemberChange;
using replication::Membership;
using replication::Message;
using replication::MessageKind;
using replication::NodeId;
using replication::Proposal;
using replication::RaftOptions;
using replication::ReadState;
using replication::Replica;
using replication::Status;

namespace {

constexpr std::uint64_t kElectionTicks = 20;
constexpr std::uint64_t kHeartbeatTicks = 3;
// Small, so that members that lag are sent their entries in many messages.
constexpr std::uint64_t kMaxMessageBytes = 256;
constexpr std::uint64_t kMaxMessagesInFlight = 8;
constexpr std::uint32_t kCheckpointPpm = 20'000;

}  // namespace

replication::Body body_of(const std::string& data) {
  return std::make_shared<const std::string>("the body of " + data);
}

std::string to_string(GroupDefect defect) {
  constexpr std::array<const char*, static_cast<std::size_t>(GroupDefect::count)> kNames{
      "none",       "unsynced_vote", "early_ack",   "lead_after_failure",
      "stale_read", "keep_tail",     "missing_body"};
  return kNames.at(static_cast<std::size_t>(defect));
}

// --- Member ---

Member::Member(Group& group, NodeId id, Membership founders)
    : group_(group), id_(id), stored_membership_(std::move(founders)) {}

void Member::start() {
  ++starts_;
  applied_ = stored_applied_;
  membership_ = stored_membership_;
  auto state = state_;
  state.commit = std::max(state.commit, stored_applied_);
  const RaftOptions options{.node = id_,
                            .applied = stored_applied_,
                            .election_ticks = kElectionTicks,
                            .heartbeat_ticks = kHeartbeatTicks,
                            .max_message_bytes = kMaxMessageBytes,
                            .max_messages_in_flight = kMaxMessagesInFlight,
                            .log = {}};
  try {
    replica_ = std::make_unique<Replica>(options, *this, *this, state, stored_membership_);
    replica_->set_electable(!is_full_);
  } catch (const replication::RaftFailure& failure) {
    group_.truth().breach("node " + std::to_string(id_) + " does not start: " + failure.what());
  }
}

void Member::crash() {
  if (!replica_) return;
  const auto kept = group_.random().below(writes_.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) put(writes_[i].write);
  writes_.clear();
  committed_.clear();
  asked_.clear();
  replica_.reset();
  hangs_ = false;
  fails_next_ = false;
}

template <class Use>
void Member::with_replica(Use use) {
  if (!replica_) return;
  try {
    use(*replica_);
  } catch (const std::exception& failure) {
    group_.truth().breach("node " + std::to_string(id_) + ": " + failure.what());
    crash();
  }
}

void Member::set_full(bool full) {
  is_full_ = full;
  with_replica([&](Replica& replica) {
    replica.set_electable(!full);
    // Somebody with room should lead.
    if (full) replica.hand_over();
  });
}

void Member::tick() {
  finish_writes();
  apply();
  with_replica([](Replica& replica) { replica.tick(); });
}

void Member::receive(const Message& message) {
  // A full disk takes votes, which replace what is there, and no entries.
  if (is_full_ && !message.entries.empty()) return;
  with_replica([&](Replica& replica) { replica.receive(message); });
}

bool Member::propose(const std::string& data) {
  bool is_proposed = false;
  if (is_full_) return false;
  with_replica([&](Replica& replica) {
    const auto& status = replica.status();
    const Index index = replica.log().last_index() + 1;
    is_proposed = replica.propose(status.term, index, std::vector<Proposal>{{data, body_of(data)}});
    if (is_proposed) group_.truth().proposes({index, status.term, EntryKind::data, data, {}});
  });
  return is_proposed;
}

bool Member::propose_changes(const std::vector<MemberChange>& changes) {
  bool is_proposed = false;
  with_replica([&](Replica& replica) {
    is_proposed =
        replica.propose_changes(replica.status().term, replica.log().last_index() + 1, changes);
  });
  return is_proposed;
}

bool Member::ask_to_read() {
  if (!replica_) return false;
  const auto context =
      std::to_string(id_) + "." + std::to_string(starts_) + "." + std::to_string(++reads_);
  asked_[context] = group_.truth().committed();
  if (group_.defect() == GroupDefect::stale_read) {
    readable({applied_, context});
    return true;
  }
  with_replica([&](Replica& replica) { replica.read_index(context); });
  return true;
}

void Member::send(Message message) {
  if (message.kind == MessageKind::vote_response && !message.reject) {
    group_.truth().votes(id_, message.term, message.to);
  }
  // As a link does: what is not in memory is read from the store.
  for (Entry& entry : message.entries) {
    if (message.kind != MessageKind::append) break;
    if (entry.kind != EntryKind::data || entry.data.empty() || entry.body) continue;
    if (group_.defect() != GroupDefect::missing_body && has_body(entry)) {
      entry.body = entries_[entry.index - 1].body;
    }
  }
  if (message.kind == MessageKind::vote) group_.truth().votes(id_, message.term, id_);
  group_.transmit(std::move(message));
}

void Member::store(LogWrite write) {
  const auto delay = group_.random().between(1, group_.disk.max_delay);
  writes_.push_back({std::move(write), group_.now() + static_cast<std::uint64_t>(delay)});
}

void Member::commit(CommittedEntries committed) { committed_.push_back(std::move(committed)); }

void Member::readable(ReadState read) {
  const auto asked = asked_.find(read.context);
  if (asked == asked_.end()) return;
  group_.truth().reads(id_, read.index, asked->second);
  asked_.erase(asked);
  ++answered_reads_;
}

void Member::changed(const Status& status) {
  group_.note((status.term << 8U) ^ (status.leader << 4U) ^
              static_cast<std::uint64_t>(status.role));
  if (status.leads()) group_.truth().leads(id_, status.term);
}

std::uint64_t Member::random(std::uint64_t bound) { return group_.random().below(bound); }

std::vector<Entry> Member::read(Index low, Index high, std::uint64_t max_bytes) const {
  std::vector<Entry> result;
  std::uint64_t bytes = 0;
  for (Index index = low; index < high; ++index) {
    const Entry& entry = entries_.at(index - 1);
    bytes += entry.data.size();
    if (!result.empty() && bytes > max_bytes) break;
    result.push_back(entry);
    result.back().body = nullptr;
  }
  return result;
}

void Member::put(const LogWrite& write) {
  if (!write.entries.empty()) {
    const auto keep = write.entries.front().index - 1;
    if (group_.defect() == GroupDefect::keep_tail) {
      for (const Entry& entry : write.entries) {
        if (entry.index > entries_.size()) entries_.push_back(entry);
      }
    } else {
      entries_.resize(keep);
      entries_.insert(entries_.end(), write.entries.begin(), write.entries.end());
    }
  }
  state_ = write.hard_state;
}

void Member::finish_writes() {
  while (replica_ && !hangs_ && !writes_.empty() && writes_.front().done_at <= group_.now()) {
    const bool has_entries = !writes_.front().write.entries.empty();
    if (std::exchange(fails_next_, false) || (is_full_ && has_entries)) return fail_write();
    const Write done = std::move(writes_.front());
    writes_.pop_front();
    put(done.write);
    group_.note(done.write.number);
    with_replica([&](Replica& replica) { replica.stored(done.write.number); });
  }
  // The planted mistakes tell the replica of writes that are still under way.
  if (!replica_ || writes_.empty()) return;
  const auto& last = writes_.back().write;
  const bool early = group_.defect() == GroupDefect::early_ack ||
                     (group_.defect() == GroupDefect::unsynced_vote && last.entries.empty());
  if (early) with_replica([&](Replica& replica) { replica.stored(last.number); });
}

// Whether the write that failed is on disk is not known: the log may hold it, or not.
void Member::fail_write() {
  if (group_.defect() == GroupDefect::lead_after_failure) {
    const auto number = writes_.front().write.number;
    writes_.pop_front();
    return with_replica([&](Replica& replica) { replica.stored(number); });
  }
  crash();
  start();
}

// Whether the entry is stored here with what it stands for.
bool Member::has_body(const Entry& entry) const {
  if (entry.index > entries_.size() || entries_[entry.index - 1] != entry) return false;
  if (entry.kind != EntryKind::data || entry.data.empty()) return true;
  const auto& body = entries_[entry.index - 1].body;
  return body && *body == *body_of(entry.data);
}

void Member::apply() {
  while (replica_ && !committed_.empty()) {
    const CommittedEntries next = std::move(committed_.front());
    committed_.pop_front();
    for (const Entry& entry : next.entries) {
      group_.truth().applies(id_, entry);
      if (!has_body(entry)) {
        group_.truth().breach("node " + std::to_string(id_) + " applies index " +
                              std::to_string(entry.index) + " without its body");
      }
    }
    applied_ = next.entries.back().index;
    if (next.membership) membership_ = *next.membership;
    group_.note(applied_);
    with_replica([&](Replica& replica) { replica.applied(applied_); });
  }
  if (replica_ && group_.random().chance(kCheckpointPpm)) {
    stored_applied_ = applied_;
    stored_membership_ = membership_;
  }
}

// --- Group ---

Group::Group(std::size_t members, std::uint64_t seed, GroupDefect defect)
    : random_(seed), defect_(defect) {
  for (NodeId id = 1; id <= members; ++id) founders_.voters.push_back(id);
  for (std::size_t i = 0; i < members; ++i) add_member();
}

Member& Group::add_member() {
  members_.push_back(std::make_unique<Member>(*this, members_.size() + 1, founders_));
  members_.back()->start();
  return *members_.back();
}

void Group::transmit(Message message) {
  if (random_.chance(network.loss_ppm)) return;
  const int copies = random_.chance(network.repeat_ppm) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    const auto at = now_ + static_cast<std::uint64_t>(random_.between(1, network.max_delay));
    in_flight_.emplace(std::pair{at, ++sent_}, message);
  }
}

void Group::tick() {
  ++now_;
  while (!in_flight_.empty() && in_flight_.begin()->first.first <= now_) {
    const Message message = std::move(in_flight_.begin()->second);
    in_flight_.erase(in_flight_.begin());
    if (cuts_.contains({message.from, message.to}) || message.to > members_.size()) continue;
    note((message.from << 16U) ^ (message.to << 8U) ^ static_cast<std::uint64_t>(message.kind));
    member(message.to).receive(message);
  }
  for (std::size_t i = 0; i < members_.size(); ++i) members_[i]->tick();
}

void Group::run(std::uint64_t ticks) {
  for (std::uint64_t i = 0; i < ticks; ++i) tick();
}

Member* Group::leader() {
  Member* best = nullptr;
  for (const auto& member : members_) {
    if (!member->leads()) continue;
    if (!best || member->replica().status().term > best->replica().status().term) {
      best = member.get();
    }
  }
  return best;
}

bool Group::elect(NodeId id) {
  for (const auto& member : members_) {
    if (member->is_up()) member->replica().set_electable(member->id() == id);
  }
  const bool is_elected = run_until([&] { return member(id).leads(); });
  for (const auto& member : members_) {
    if (member->is_up()) member->replica().set_electable(!member->is_full());
  }
  return is_elected;
}

void Group::connect_only(const std::set<NodeId>& connected) {
  for (const auto& a : members_) {
    for (const auto& b : members_) {
      if (a == b || (connected.contains(a->id()) && connected.contains(b->id()))) continue;
      cut(a->id(), b->id());
    }
  }
}

}  // namespace sg::test
