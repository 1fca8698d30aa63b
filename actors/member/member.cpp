#include "actors/member/member.hpp"

#include <algorithm>
#include <utility>

#include "actors/member/following.hpp"
#include "actors/unhandled.hpp"
#include "faults/fault_injection.hpp"
#include "ledger/invariant.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

// --- to itself ---
struct ClockTick {};

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::ClockTick)

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

using replication::Entry;
using replication::EntryKind;
using replication::Message;
using replication::MessageKind;
using replication::Replica;

namespace {

constexpr std::uint64_t kHeartbeatTicks = 3;
// A round takes one exchange of messages: it is asked for again after so many ticks.
constexpr std::uint64_t kRoundTicks = 2 * kHeartbeatTicks;

void log_line(replication::LogLevel level, std::string_view text) {
  switch (level) {
    case replication::LogLevel::error:
      return log(Module::replica).error("{}", text);
    case replication::LogLevel::warning:
      return log(Module::replica).warn("{}", text);
    case replication::LogLevel::information:
      return log(Module::replica).debug("{}", text);
  }
}

}  // namespace

MemberActor::MemberActor(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
                         MemberOptions options)
    : self_(self),
      runtime_(std::move(runtime)),
      root_(std::move(root)),
      options_(std::move(options)),
      log_writer_(self_, kLogWriterId),
      journal_child_(self_, kJournalId),
      log_(*runtime_->member),
      rounds_(options_.node, options_.random(~std::uint64_t{0})),
      levels_(options_.node, runtime_->member->known_level()) {}

caf::behavior MemberActor::make_behavior() {
  return {
      [this](supervisor::Init) -> caf::result<supervisor::Ready> {
        ready_ = self_->make_response_promise();
        subscribe(self_, root_);
        self_->delayed_send(self_, options_.election_timeout / kElectionTicks, ClockTick{});
        return ready_;
      },
      [this](supervisor::Probe) { return alive(self_); },
      [this](const supervisor::ChildUp& up) {
        (void)journal_child_.is_up(up);
        if (!log_writer_.is_up(up)) return;
        drop();
        // What an earlier replica asked for comes first.
        self_->send(up.handle, DrainLog{});
      },
      [this](const supervisor::ChildDown& down) {
        if (log_writer_.is_down(down)) drop();
        if (!journal_child_.is_down(down)) return;
        journal_ = nullptr;
        // Its successor knows nothing of what was proposed: in this term nothing more is.
        if (std::exchange(led_term_, 0) != 0) with_replica([](Replica& r) { r.resign(); });
      },
      [this](const LogDrained& message) {
        if (log_writer_.is_sender()) begin(message);
      },
      [this](ClockTick) { tick(); },
      [this](const Deliver& message) { receive(message.message); },
      [this](const LogWritten& message) {
        if (!log_writer_.is_sender()) return;
        with_replica([&](Replica& replica) { replica.stored(message.number); });
      },
      [this](const LogApplied& message) {
        if (!log_writer_.is_sender() || !replica_) return;
        applied_ = message.index;
        applied_term_ = message.term;
        if (next_membership_ && next_membership_->first <= applied_) {
          membership_ = std::move(next_membership_->second);
          next_membership_.reset();
        }
        with_replica([&](Replica& replica) { replica.applied(message.index); });
        if (message.stores && options_.identity_changed) options_.identity_changed();
      },
      [this](const FollowTerms& message) {
        const bool is_other = std::exchange(journal_, message.journal) != message.journal;
        // What was told to another one is of no use: as if that had ended.
        if (is_other && std::exchange(led_term_, 0) != 0) {
          with_replica([](Replica& replica) { replica.resign(); });
        }
        with_replica([](Replica&) {});
      },
      [this](const Propose& message) {
        // In another term the journal is told, or was.
        if (!replica_ || message.term != led_term_) return;
        waiting_.push_back(message);
        with_replica([](Replica&) {});
      },
      [this](const AwaitRound& message) {
        rounds_.ask(message);
        with_replica([](Replica&) {});
      },
      [this](const HandOver& message) {
        with_replica([&](Replica& replica) {
          (void)(message.to == 0 ? replica.hand_over() : replica.transfer_leadership(message.to));
        });
      },
      [this](const FoundCluster& message) { return found(message); },
      [this](DescribeMember) { return describe(); },
      [this](BeginAnew) {
        drop();
        log_writer_.request(DrainLog{});
      },
      [this](const FollowRole& message) {
        role_follower_ = message.follower;
        if (!replica_) return;
        const auto& status = replica_->status();
        caf::anon_send(role_follower_, RoleChanged{status.term, status.leader});
      },
      [this](const NodeKnows& message) {
        levels_.note(message.node, message.level);
        others_[message.node] = message;
      },
      [this](const ChangeMembers& message) { change(message); },
  };
}

template <class Use>
void MemberActor::with_replica(Use use) {
  if (!replica_) return;
  try {
    use(*replica_);
    look_at_term();
    propose_waiting();
    end_rounds();
    while (const auto context = rounds_.begin()) {
      replica_->read_index(*context);
      end_rounds();
    }
  } catch (const replication::RaftFailure& failure) {
    runtime_->end_process(std::string("the Raft engine: ") + failure.what());
  }
}

void MemberActor::begin(const LogDrained& stored) {
  ledger::invariant(stored.member == options_.node, "the store is that of another member");
  applied_ = stored.applied;
  applied_term_ = 0;
  membership_ = stored.membership;
  next_membership_.reset();
  try {
    const replication::RaftOptions options{.node = options_.node,
                                           .applied = applied_,
                                           .election_ticks = kElectionTicks,
                                           .heartbeat_ticks = kHeartbeatTicks,
                                           .log = log_line};
    replica_ =
        std::make_unique<Replica>(options, *this, log_, stored.hard_state, stored.membership);
  } catch (const replication::RaftFailure& failure) {
    runtime_->end_process(std::string("the Raft engine: ") + failure.what());
  }
  has_room_ = true;
  rounds_.restart();
  with_replica([this](Replica& replica) {
    if (std::exchange(is_founding_, false)) founded(replica);
  });
  if (ready_.pending()) ready_.deliver(supervisor::Ready{});
}

void MemberActor::drop() {
  replica_.reset();
  look_at_term();
}

void MemberActor::tick() {
  self_->delayed_send(self_, options_.election_timeout / kElectionTicks, ClockTick{});
  with_replica([this](Replica& replica) {
    const bool has_room = runtime_->member->has_room();
    // Somebody with room should lead.
    if (std::exchange(has_room_, has_room) && !has_room) (void)replica.hand_over();
    replica.set_electable(has_room);
    replica.tick();
    raise_level();
    settle_members();
    if (const auto context = rounds_.tick(kRoundTicks)) replica.read_index(*context);
  });
}

// A member without room, or whose indexes or journal are far behind, takes votes and no entries.
// The leader sends them again.
void MemberActor::receive(const Message& message) {
  if (!replica_) return;
  const auto& store = *runtime_->member;
  const bool has_entries = message.kind == MessageKind::append && !message.entries.empty();
  if (has_entries && (is_far_behind(*runtime_) || !store.has_room() || !store.keeps_up())) return;
  with_replica([&](Replica& replica) { replica.receive(message); });
}

void MemberActor::look_at_term() {
  const auto* status = replica_ ? &replica_->status() : nullptr;
  const bool leads = status != nullptr && status->leads();
  if (led_term_ != 0 && (!leads || status->term != led_term_)) {
    led_term_ = 0;
    if (journal_) self_->send(journal_, TermEnded{});
  }
  if (led_term_ == 0) waiting_.clear();
  if (!leads || !journal_ || status->term <= last_term_) return;
  // The first entry of its term has taken effect, and with it all of earlier terms.
  if (applied_term_ != status->term || is_founding_alone()) return;
  led_term_ = last_term_ = status->term;
  proposed_ = 0;
  self_->send(journal_, Lead{led_term_});
}

void MemberActor::propose_waiting() {
  while (!waiting_.empty() && replica_->status().transferee == 0) {
    const Propose next = std::move(waiting_.front());
    waiting_.pop_front();
    ledger::invariant(next.ordinal == proposed_, "blocks are proposed out of order");
    std::vector<replication::Proposal> proposals;
    for (auto& block : *next.blocks) proposals.push_back({std::move(block.place), block.block});
    proposed_ += proposals.size();
    const auto index = replica_->log().last_index() + 1;
    if (replica_->propose(next.term, index, proposals)) continue;
    // The blocks after them would not follow the chain.
    replica_->resign();
    look_at_term();
  }
}

bool MemberActor::is_settled() const {
  const auto& status = replica_->status();
  // With the first entry of the term all changes of earlier terms have taken effect.
  return status.leads() && applied_term_ == status.term &&
         (changed_term_ != status.term || applied_ >= changed_at_);
}

void MemberActor::change(const ChangeMembers& asked) {
  with_replica([&](Replica&) {
    const auto level = runtime_->member->level();
    const bool know_it =
        std::all_of(asked.changes.begin(), asked.changes.end(), [&](const auto& change) {
          return change.kind == replication::MemberChange::Kind::remove ||
                 levels_.of(change.node) >= level;
        });
    if (is_settled() && know_it) propose_change(asked.changes);
  });
}

void MemberActor::propose_change(const std::vector<replication::MemberChange>& changes) {
  const auto term = replica_->status().term;
  const auto index = replica_->log().last_index() + 1;
  if (!replica_->propose_changes(term, index, changes)) return;
  changed_term_ = term;
  changed_at_ = index;
}

void MemberActor::raise_level() {
  const auto now = runtime_->member->level();
  // Who founds a group alone waits for those that it proposes.
  if (levels_.of(options_.node) <= now || !is_settled() || is_founding_alone()) return;
  const auto members = replica_->progress();
  const auto level = faults::has(faults::Defect::raise_level_early) ? levels_.of(options_.node)
                                                                    : levels_.known_by_all(members);
  if (level <= now) return;
  if (!propose_setting(persistence::encode_level(level))) return;
  log(Module::replica).info("every member knows level {}, the cluster rises from {}", level, now);
}

bool MemberActor::propose_setting(std::string data) {
  const auto term = replica_->status().term;
  const auto index = replica_->log().last_index() + 1;
  const std::vector<replication::Proposal> proposal{{std::move(data), nullptr}};
  if (!replica_->propose(term, index, proposal)) return false;
  changed_term_ = term;
  changed_at_ = index;
  return true;
}

void MemberActor::end_rounds() {
  if (!journal_) return;  // they wait for it
  auto ended = rounds_.ended(applied_);
  if (!ended.empty()) self_->send(journal_, RoundsEnded{std::move(ended)});
}

void MemberActor::send(Message message) {
  if (message.kind == MessageKind::append) {
    for (Entry& entry : message.entries) {
      if (!entry.has_body() || entry.body) continue;
      entry.body = log_.read_body(entry);
      if (!entry.body) return;  // it was cut meanwhile
    }
  }
  options_.send(std::move(message));
}

void MemberActor::store(replication::LogWrite write) {
  log_writer_.request(WriteLog{std::move(write)});
}

void MemberActor::commit(replication::CommittedEntries committed) {
  const Entry& last = committed.entries.back();
  if (committed.membership) next_membership_.emplace(last.index, *committed.membership);
  log_writer_.request(CommitLog{last.index, last.term, std::move(committed.membership)});
}

void MemberActor::changed(const replication::Status& status) {
  log(Module::replica)
      .info("{} in term {}, the leader is {}", status.leads() ? "leader" : "no leader", status.term,
            status.leader);
  if (options_.changed) options_.changed(status);
  if (role_follower_) caf::anon_send(role_follower_, RoleChanged{status.term, status.leader});
}

caf::behavior member(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root,
                     MemberOptions options) {
  end_with_exceptions(self, kReplicaId);
  auto state =
      std::make_shared<MemberActor>(self, std::move(runtime), std::move(root), std::move(options));
  self->attach_functor([state] {});
  return state->make_behavior();
}

}  // namespace sg::actors
