#include "tests/replication/group.hpp"

#include <algorithm>
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
constexpr std::uint32_t kMaintenancePpm = 20'000;

}  // namespace

// --- Member ---

Member::Member(Group& group, NodeId id, std::unique_ptr<MemberDisk> disk)
    : group_(group), id_(id), disk_(std::move(disk)) {}

void Member::breach(const std::string& what) {
  group_.truth().breach("node " + std::to_string(id_) + ": " + what);
}

void Member::start() {
  ++starts_;
  is_fenced_ = false;
  try {
    disk_->open();
    const RaftOptions options{.node = id_,
                              .applied = disk_->applied(),
                              .election_ticks = kElectionTicks,
                              .heartbeat_ticks = kHeartbeatTicks,
                              .max_message_bytes = kMaxMessageBytes,
                              .max_messages_in_flight = kMaxMessagesInFlight,
                              .log = {}};
    replica_ =
        std::make_unique<Replica>(options, *this, *disk_, disk_->hard_state(), disk_->membership());
    replica_->set_electable(!is_full_);
  } catch (const std::exception& failure) {
    breach(std::string("it does not start: ") + failure.what());
  }
}

void Member::crash() {
  if (!replica_) return;
  const auto kept = group_.random().below(writes_.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) {
    // A write that fails now is one that the crash cut short.
    if (!disk_->put(writes_[i].write).empty()) break;
  }
  writes_.clear();
  last_write_ = 0;
  committed_.clear();
  asked_.clear();
  replica_.reset();
  disk_->crash(group_.random());
  hangs_ = false;
}

template <class Use>
void Member::with_replica(Use use) {
  if (!replica_) return;
  try {
    use(*replica_);
  } catch (const std::exception& failure) {
    breach(failure.what());
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

std::optional<std::string> Member::propose(const std::string& what) {
  if (is_full_) return std::nullopt;
  std::optional<std::string> proposed;
  with_replica([&](Replica& replica) {
    proposed = disk_->seal(what, is_fenced_, [&](const Proposal& proposal) {
      const auto term = replica.status().term;
      const Index index = replica.log().last_index() + 1;
      if (!replica.propose(term, index, {&proposal, 1})) return false;
      group_.truth().proposes({index, term, EntryKind::data, proposal.data, {}});
      return true;
    });
  });
  return proposed;
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
    readable({disk_->applied(), context});
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
    if (!entry.has_body() || entry.body) continue;
    if (group_.defect() != GroupDefect::missing_body) entry.body = disk_->read_body(entry);
  }
  if (message.kind == MessageKind::vote) group_.truth().votes(id_, message.term, id_);
  group_.transmit(std::move(message));
}

void Member::store(LogWrite write) {
  const auto delay = group_.random().between(1, group_.disk.max_delay);
  last_write_ = write.number;
  writes_.push_back({std::move(write), group_.now() + static_cast<std::uint64_t>(delay)});
}

void Member::commit(CommittedEntries committed) {
  committed_.emplace_back(last_write_, std::move(committed));
}

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
  is_fenced_ = false;
  disk_->end_term();
}

std::uint64_t Member::random(std::uint64_t bound) { return group_.random().below(bound); }

void Member::finish_writes() {
  while (replica_ && !hangs_ && !writes_.empty() && writes_.front().done_at <= group_.now()) {
    const bool has_entries = !writes_.front().write.entries.empty();
    if (is_full_ && has_entries) return fail_write();
    if (!disk_->put(writes_.front().write).empty()) return fail_write();
    const Write done = std::move(writes_.front());
    writes_.pop_front();
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

void Member::apply() {
  while (replica_ && !committed_.empty()) {
    if (!writes_.empty() && writes_.front().write.number <= committed_.front().first) return;
    const CommittedEntries next = std::move(committed_.front().second);
    committed_.pop_front();
    for (const Entry& entry : next.entries) group_.truth().applies(id_, entry);
    const auto wrong = disk_->commit(next);
    if (!wrong.empty()) {
      breach(wrong);
      return crash();
    }
    const Entry& last = next.entries.back();
    group_.truth().has(id_, last.index, disk_->fingerprint());
    const auto& status = replica_->status();
    const bool is_fenced = status.leads() && last.term == status.term;
    if (is_fenced && !std::exchange(is_fenced_, is_fenced)) disk_->end_term();
    group_.note(last.index);
    with_replica([&](Replica& replica) { replica.applied(last.index); });
  }
  if (replica_ && group_.random().chance(kMaintenancePpm)) disk_->maintain();
}

// --- Group ---

Group::Group(std::size_t members, std::uint64_t seed, GroupDefect defect, DiskKind disks)
    : random_(seed), defect_(defect), disks_(disks) {
  for (NodeId id = 1; id <= members; ++id) founders_.voters.push_back(id);
  for (std::size_t i = 0; i < members; ++i) add_member();
}

Member& Group::add_member() {
  const NodeId id = members_.size() + 1;
  members_.push_back(std::make_unique<Member>(*this, id,
                                              disks_ == DiskKind::plain
                                                  ? make_plain_disk(founders_, defect_)
                                                  : make_store_disk(id, founders_)));
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
