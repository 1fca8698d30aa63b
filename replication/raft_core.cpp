// The C interface of the engine in C++: values are copied in and out, codes become exceptions.
//
// An exception of the log must not pass through Rust. The callbacks keep it and report a failure;
// the engine gives up, and check() throws what was kept.
#include "replication/raft_core.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "replication/engine/raft_engine.h"

namespace sg::replication {
namespace {

RaftBytes to_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view to_text(RaftBytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data), bytes.size};
}

RaftIds to_ids(const std::vector<NodeId>& ids) { return {ids.data(), ids.size()}; }

// In order: the engine has them in sets.
std::vector<NodeId> to_nodes(RaftIds ids) {
  std::vector<NodeId> nodes(ids.data, ids.data + ids.size);
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

RaftMembership to_engine(const Membership& from) {
  return {to_ids(from.voters), to_ids(from.learners), to_ids(from.voters_outgoing),
          to_ids(from.learners_next), from.auto_leave};
}

Membership from_engine(const RaftMembership& from) {
  return {to_nodes(from.voters), to_nodes(from.learners), to_nodes(from.voters_outgoing),
          to_nodes(from.learners_next), from.auto_leave};
}

RaftEntry to_engine(const Entry& from) {
  return {from.index, from.term, static_cast<std::uint32_t>(from.kind), to_bytes(from.data)};
}

Entry from_engine(const RaftEntry& from) {
  return {from.index, from.term, static_cast<EntryKind>(from.kind), std::string(to_text(from.data)),
          nullptr};
}

std::vector<Entry> from_engine(const RaftEntry* entries, std::size_t count) {
  std::vector<Entry> result;
  result.reserve(count);
  for (std::size_t i = 0; i < count; ++i) result.push_back(from_engine(entries[i]));
  return result;
}

std::vector<Message> from_engine(const RaftMessage* messages, std::size_t count) {
  std::vector<Message> result;
  result.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const RaftMessage& from = messages[i];
    result.push_back({.kind = static_cast<MessageKind>(from.kind),
                      .reject = from.reject,
                      .to = from.to,
                      .from = from.from,
                      .term = from.term,
                      .log_term = from.log_term,
                      .index = from.index,
                      .commit = from.commit,
                      .commit_term = from.commit_term,
                      .reject_hint = from.reject_hint,
                      .priority = from.priority,
                      .context = std::string(to_text(from.context)),
                      .entries = from_engine(from.entries, from.entry_count)});
  }
  return result;
}

}  // namespace

class RaftCore::Engine {
 public:
  Engine(const RaftOptions& options, const RaftLog& log, const HardState& hard_state,
         const Membership& membership)
      : log_(log), tell_(options.log) {
    const RaftEngineConfig config{
        .id = options.node,
        .applied = options.applied,
        .election_ticks = options.election_ticks,
        .heartbeat_ticks = options.heartbeat_ticks,
        .max_message_bytes = options.max_message_bytes,
        .max_messages_in_flight = options.max_messages_in_flight,
        .term = hard_state.term,
        .vote = hard_state.vote,
        .commit = hard_state.commit,
        .membership = to_engine(membership),
        .logger = this,
        .log = [](void* self, std::uint32_t level,
                  RaftBytes text) { static_cast<Engine*>(self)->tell(level, text); },
    };
    const RaftEngineLog calls{
        .self = this,
        .first_index =
            [](void* self) {
              return static_cast<Engine*>(self)->ask(
                  Index{0}, [](const RaftLog& read) { return read.first_index(); });
            },
        .last_index =
            [](void* self) {
              return static_cast<Engine*>(self)->ask(
                  Index{0}, [](const RaftLog& read) { return read.last_index(); });
            },
        .term =
            [](void* self, Index index, Term* term) {
              return static_cast<Engine*>(self)->ask(1, [&](const RaftLog& read) {
                *term = read.term(index);
                return 0;
              });
            },
        .entries =
            [](void* self, Index low, Index high, std::uint64_t max_bytes, bool for_sending,
               void (*add)(void*, const RaftEntry*), void* to) {
              return static_cast<Engine*>(self)->ask(1, [&](const RaftLog& read) {
                for (const Entry& entry : read.entries(low, high, max_bytes, for_sending)) {
                  const RaftEntry view = to_engine(entry);
                  add(to, &view);
                }
                return 0;
              });
            },
    };
    engine_ = raft_engine_create(&config, &calls);
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
    if (!engine_) throw RaftFailure("the Raft core cannot start: " + last_error_);
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() { raft_engine_destroy(engine_); }

  // Calls a function of the engine. Returns false if it refused.
  template <class Function, class... Arguments>
  bool call(Function function, Arguments... arguments) {
    const std::int32_t code = function(engine_, arguments...);
    // Also if the engine made light of it.
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
    if (code == RAFT_ENGINE_FAILED) {
      throw RaftFailure("the Raft core failed: " +
                        std::string(to_text(raft_engine_error(engine_))));
    }
    return code == RAFT_ENGINE_OK;
  }

 private:
  // What `read` returns, or `failed` if it throws.
  template <class Read, class Result>
  Result ask(Result failed, Read read) noexcept {
    try {
      return read(log_);
    } catch (...) {
      thrown_ = std::current_exception();
      return failed;
    }
  }

  void tell(std::uint32_t level, RaftBytes text) noexcept {
    try {
      if (level == 0) last_error_ = to_text(text);
      if (tell_) tell_(static_cast<LogLevel>(level), to_text(text));
    } catch (...) {
      // A message that cannot be logged is no reason to fail.
    }
  }

  const RaftLog& log_;
  std::function<void(LogLevel, std::string_view)> tell_;
  std::string last_error_;
  std::exception_ptr thrown_;  // of the log, during the call that is under way
  RaftEngine* engine_ = nullptr;
};

RaftCore::RaftCore(const RaftOptions& options, const RaftLog& log, const HardState& hard_state,
                   const Membership& membership)
    : engine_(std::make_unique<Engine>(options, log, hard_state, membership)) {}

RaftCore::~RaftCore() = default;

void RaftCore::tick() { engine_->call(raft_engine_tick); }

bool RaftCore::step(const Message& message) {
  std::vector<RaftEntry> entries;
  entries.reserve(message.entries.size());
  for (const Entry& entry : message.entries) entries.push_back(to_engine(entry));
  const RaftMessage view{
      .kind = static_cast<std::uint32_t>(message.kind),
      .reject = message.reject,
      .to = message.to,
      .from = message.from,
      .term = message.term,
      .log_term = message.log_term,
      .index = message.index,
      .commit = message.commit,
      .commit_term = message.commit_term,
      .reject_hint = message.reject_hint,
      .priority = message.priority,
      .context = to_bytes(message.context),
      .entries = entries.data(),
      .entry_count = entries.size(),
  };
  return engine_->call(raft_engine_step, &view);
}

bool RaftCore::propose(Term term, Index index, std::span<const Proposal> proposals) {
  std::vector<RaftBytes> entries;
  entries.reserve(proposals.size());
  for (const Proposal& proposal : proposals) entries.push_back(to_bytes(proposal.data));
  return engine_->call(raft_engine_propose, term, index, entries.data(), entries.size());
}

bool RaftCore::propose_changes(Term term, Index index, std::span<const MemberChange> changes) {
  std::vector<RaftChange> views;
  views.reserve(changes.size());
  for (const MemberChange& change : changes) {
    views.push_back({static_cast<std::uint32_t>(change.kind), change.node});
  }
  return engine_->call(raft_engine_propose_changes, term, index, views.data(), views.size());
}

Membership RaftCore::apply_changes(const Entry& entry) {
  RaftMembership membership{};
  if (!engine_->call(raft_engine_apply_changes, static_cast<std::uint32_t>(entry.kind),
                     to_bytes(entry.data), &membership)) {
    throw RaftFailure("the change of the membership at index " + std::to_string(entry.index) +
                      " does not fit the membership before it");
  }
  return from_engine(membership);
}

void RaftCore::read_index(std::string_view context) {
  engine_->call(raft_engine_read_index, to_bytes(context));
}

void RaftCore::campaign() { engine_->call(raft_engine_campaign); }

bool RaftCore::transfer_leadership(NodeId to) { return engine_->call(raft_engine_transfer, to); }

void RaftCore::resign() { engine_->call(raft_engine_resign); }

void RaftCore::set_election_timeout(std::uint64_t ticks) {
  engine_->call(raft_engine_set_election_timeout, ticks);
}

void RaftCore::report_unreachable(NodeId node) { engine_->call(raft_engine_unreachable, node); }

bool RaftCore::has_ready() const {
  bool has = false;
  engine_->call(raft_engine_has_ready, &has);
  return has;
}

Ready RaftCore::take_ready() {
  RaftReady from{};
  engine_->call(raft_engine_ready, &from);
  Ready ready{
      .number = from.number,
      .has_hard_state = from.has_hard_state,
      .must_sync = from.must_sync,
      .hard_state = {from.term, from.vote, from.commit},
      .entries = from_engine(from.entries, from.entry_count),
      .committed = from_engine(from.committed, from.committed_count),
      .messages = from_engine(from.messages, from.message_count),
      .persisted_messages = from_engine(from.persisted_messages, from.persisted_message_count),
      .reads = {},
  };
  for (std::size_t i = 0; i < from.read_count; ++i) {
    ready.reads.push_back({from.reads[i].index, std::string(to_text(from.reads[i].context))});
  }
  return ready;
}

void RaftCore::advance() { engine_->call(raft_engine_advance); }

void RaftCore::persisted(std::uint64_t number) { engine_->call(raft_engine_persisted, number); }

void RaftCore::applied(Index index) { engine_->call(raft_engine_applied, index); }

Status RaftCore::status() const {
  RaftStatus from{};
  engine_->call(raft_engine_status, &from);
  return {.term = from.term,
          .vote = from.vote,
          .commit = from.commit,
          .leader = from.leader,
          .role = static_cast<Role>(from.role),
          .last_index = from.last_index,
          .persisted = from.persisted,
          .transferee = from.transferee,
          .election_timeout = from.election_timeout,
          .has_committed_in_term = from.has_committed_in_term};
}

std::vector<MemberProgress> RaftCore::progress() const {
  const RaftProgress* from = nullptr;
  std::size_t count = 0;
  engine_->call(raft_engine_progress, &from, &count);
  std::vector<MemberProgress> progress;
  progress.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    progress.push_back(
        {from[i].id, from[i].is_voter, from[i].matched, from[i].is_active, from[i].is_paused});
  }
  return progress;
}

}  // namespace sg::replication
