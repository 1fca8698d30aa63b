// The consensus core of one member of a group: Raft with PreVote, CheckQuorum, ReadIndex, leader
// transfer and joint membership changes. It is a pure state machine, without thread, clock, disk
// or socket. The engine behind it is TiKV's `raft` crate; no other file knows that.
//
//   RaftCore core(options, log, hard_state, membership);
//   core.set_election_timeout(15);
//   core.tick();                       // a fixed number of times a second
//   core.step(message);                // what another member sent
//   while (core.has_ready()) {
//     const Ready ready = core.take_ready();
//     ... append ready.entries to the log, so that RaftLog has them
//     core.advance();
//     ... and see Ready
//   }
//
// Bodies do not go through the core: entries come out of it without them.
//
// Errors: a log that cannot be read, and a panic of the engine, throw RaftFailure. The core is of
// no more use then, and what it said last must not be believed: the process should end.
// Concurrency: one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "replication/raft_types.hpp"

namespace sg::replication {

class RaftFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The log as the core reads it. Entries that were taken with take_ready() and are not durable yet
// belong to it. Exceptions of these functions come out of the core's function that called them.
class RaftLog {
 public:
  virtual ~RaftLog() = default;
  virtual Index first_index() const = 0;
  // first_index() - 1 if the log is empty.
  virtual Index last_index() const = 0;
  // For every index from first_index() - 1 to last_index().
  virtual Term term(Index index) const = 0;
  // The entries [low, high), or fewer of them, but not none: `max_bytes` bounds what they hold.
  // With `for_sending`, the log may return fewer for reasons of its own; otherwise it should not.
  virtual std::vector<Entry> entries(Index low, Index high, std::uint64_t max_bytes,
                                     bool for_sending) const = 0;
};

enum class LogLevel : std::uint8_t { error = 0, warning = 1, information = 2 };

struct RaftOptions {
  NodeId node = 0;    // not 0
  Index applied = 0;  // entries up to here are not handed out as committed again
  // The shortest election timeout and the heartbeat, in ticks. The election timeout must be longer.
  std::uint64_t election_ticks = 10;
  std::uint64_t heartbeat_ticks = 1;
  std::uint64_t max_message_bytes = 1 << 20;
  std::uint64_t max_messages_in_flight = 256;  // of appends, to each member
  // Elections and changes of the membership, in words. May be empty.
  std::function<void(LogLevel, std::string_view)> log{};
};

class RaftCore {
 public:
  static constexpr std::uint64_t kNoElections = 0xFFFF'FFFF;

  // `log` has to outlive the core. `hard_state` and `membership` are what was stored last, the
  // membership as it was at `applied`. Throws RaftFailure if they and the log do not fit.
  RaftCore(const RaftOptions& options, const RaftLog& log, const HardState& hard_state,
           const Membership& membership);
  ~RaftCore();
  RaftCore(const RaftCore&) = delete;
  RaftCore& operator=(const RaftCore&) = delete;

  void tick();
  // Takes a message of another member. Returns false if the message was not taken: for example it
  // answers a member that does not belong to the group any more.
  bool step(const Message& message);

  // Proposes one entry of data for each proposal, at `index`, `index` + 1 and so on. Returns false,
  // and changes nothing, unless this member leads in `term`, is not handing its leadership over,
  // and `index` follows the last entry of its log.
  [[nodiscard]] bool propose(Term term, Index index, std::span<const Proposal> proposals);
  // The same for an entry that changes the membership. One change is made at once; several lead to
  // a joint configuration, which has to be left by a proposal without changes. Also false while an
  // earlier change is not applied.
  [[nodiscard]] bool propose_changes(Term term, Index index, std::span<const MemberChange> changes);
  // Takes a committed entry whose kind is not `data` into effect. Returns the new membership. A
  // leader that is no voter in it gives its office up.
  [[nodiscard]] Membership apply_changes(const Entry& entry);

  // Asks for a round of ReadIndex: a later Ready has a ReadState with this context, or none, for
  // the engine drops requests without a word. Contexts must not repeat while they are open.
  void read_index(std::string_view context);
  // Calls an election now, if this member may be elected.
  void campaign();
  // Hands leadership to a member. Returns false if it cannot be begun. Whether it comes to pass
  // shows in the status; after an election timeout it is given up.
  [[nodiscard]] bool transfer_leadership(NodeId to);
  // Gives up the leadership of this term, for this member cannot do what a leader has to. Nothing
  // happens on any other member.
  void resign();
  // How many ticks without a leader make this member call an election, from now on: at least
  // RaftOptions::election_ticks, or kNoElections. The caller throws the dice, so that the same
  // calls always lead to the same states.
  void set_election_timeout(std::uint64_t ticks);
  // A message to the member was lost: sends it less until it is heard of again.
  void report_unreachable(NodeId node);

  [[nodiscard]] bool has_ready() const;
  // Until advance(), nothing else may be called.
  [[nodiscard]] Ready take_ready();
  // RaftLog has the entries of the Ready now.
  void advance();
  // The Ready of that number is durable, and so are all before it.
  void persisted(std::uint64_t number);
  void applied(Index index);

  [[nodiscard]] Status status() const;
  // What a leader knows of all members, in the order of their ids. Empty on any other member.
  [[nodiscard]] std::vector<MemberProgress> progress() const;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace sg::replication
