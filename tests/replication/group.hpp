// A group of replicas in one process and one thread: virtual ticks, a network that loses, delays,
// repeats and cuts, and a disk for each member that hangs, fails, fills up or loses what was not
// synced. All choices come from one Random.
//
//   Group group(3, 42);
//   group.elect(1);
//   group.propose(1, "a");
//   group.run(50);
//   CHECK(group.truth().breaches().empty());
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "replication/replica.hpp"
#include "tests/replication/member_disk.hpp"
#include "tests/replication/truth.hpp"
#include "tests/simulation/random.hpp"

namespace sg::test {

struct NetworkOptions {
  std::uint32_t loss_ppm = 0;
  std::uint32_t repeat_ppm = 0;
  std::int64_t max_delay = 1;  // in ticks
};

struct DiskOptions {
  std::int64_t max_delay = 1;  // in ticks
};

class Group;

// One member: a disk that survives, and a replica while it runs.
class Member final : public replication::ReplicaHost {
 public:
  Member(Group& group, replication::NodeId id, std::unique_ptr<MemberDisk> disk);

  void start();
  // A power failure: of the writes under way some of the first are durable, the rest is lost.
  void crash();
  bool is_up() const { return replica_ != nullptr; }
  replication::Replica& replica() { return *replica_; }
  const replication::Replica& replica() const { return *replica_; }
  replication::NodeId id() const { return id_; }
  bool leads() const { return replica_ && replica_->status().leads(); }
  replication::Index applied() const { return replica_ ? disk_->applied() : 0; }
  replication::Membership membership() const { return disk_->membership(); }
  const MemberDisk& stored() const { return *disk_; }

  // --- the disk ---
  void hang(bool hangs) { hangs_ = hangs; }
  void fail_next_write() { disk_->fail_next_put(); }
  void set_full(bool full);
  bool is_full() const { return is_full_; }

  void tick();
  void receive(const replication::Message& message);
  // Returns the data of the entry that stands for it, or nullopt if it was refused.
  std::optional<std::string> propose(const std::string& what);
  bool propose_changes(const std::vector<replication::MemberChange>& changes);
  // Returns false if the member is down.
  bool ask_to_read();
  // How many of the reads that it asked for were answered.
  std::uint64_t answered_reads() const { return answered_reads_; }

  // --- ReplicaHost ---
  void send(replication::Message message) override;
  void store(replication::LogWrite write) override;
  void commit(replication::CommittedEntries committed) override;
  void readable(replication::ReadState read) override;
  void changed(const replication::Status& status) override;
  std::uint64_t random(std::uint64_t bound) override;

 private:
  struct Write {
    replication::LogWrite write;
    std::uint64_t done_at;
  };
  // Calls `use` with the replica; a failure of its core is a breach.
  template <class Use>
  void with_replica(Use use);
  void breach(const std::string& what);
  void finish_writes();
  void fail_write();
  void apply();

  Group& group_;
  replication::NodeId id_;
  std::unique_ptr<MemberDisk> disk_;

  // --- until the next crash ---
  std::unique_ptr<replication::Replica> replica_;
  std::deque<Write> writes_;
  // With the last write before it: it takes effect after that one, which may replace entries.
  std::deque<std::pair<std::uint64_t, replication::CommittedEntries>> committed_;
  std::uint64_t last_write_ = 0;
  bool is_fenced_ = false;  // leads, and an entry of its term has taken effect
  std::map<std::string, replication::Index> asked_;  // open reads, by context
  std::uint64_t starts_ = 0;
  std::uint64_t reads_ = 0;
  std::uint64_t answered_reads_ = 0;
  bool hangs_ = false;
  bool is_full_ = false;
};

// What the members of a group have as disks.
enum class DiskKind : std::uint8_t { plain, store };

class Group {
 public:
  Group(std::size_t members, std::uint64_t seed, GroupDefect defect = GroupDefect::none,
        DiskKind disks = DiskKind::plain);

  NetworkOptions network;
  DiskOptions disk;

  // All that happens in one tick: writes end, messages arrive, clocks move.
  void tick();
  void run(std::uint64_t ticks);
  // Runs until `done` returns true, at most so many ticks, and returns whether it did. It is not
  // called again then.
  template <class Done>
  bool run_until(Done done, std::uint64_t ticks = 2000) {
    for (std::uint64_t i = 0; i < ticks; ++i) {
      if (done()) return true;
      tick();
    }
    return false;
  }

  Member& member(replication::NodeId id) { return *members_.at(id - 1); }
  std::vector<std::unique_ptr<Member>>& members() { return members_; }
  // A member with an empty disk. It knows the founders, and belongs to the group once it is added.
  Member& add_member();
  // The member that leads in the highest term; null: none.
  Member* leader();
  // Makes the member leader, with everybody's help who can be reached.
  bool elect(replication::NodeId id);
  // Messages between the two are lost from here on, in this direction.
  void cut(replication::NodeId from, replication::NodeId to) { cuts_.insert({from, to}); }
  // Cuts off all but `connected` from one another and from them.
  void connect_only(const std::set<replication::NodeId>& connected);
  void heal() { cuts_.clear(); }

  Truth& truth() { return truth_; }
  const Truth& truth() const { return truth_; }
  Random& random() { return random_; }
  GroupDefect defect() const { return defect_; }
  std::uint64_t now() const { return now_; }
  // Depends on everything that has happened.
  std::uint64_t trace() const { return trace_; }
  void note(std::uint64_t what) { trace_ = (trace_ * 0x100000001B3) ^ what; }
  void transmit(replication::Message message);

 private:
  Truth truth_;
  Random random_;
  GroupDefect defect_;
  DiskKind disks_;
  std::uint64_t now_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t trace_ = 0xCBF29CE484222325;
  replication::Membership founders_;
  std::vector<std::unique_ptr<Member>> members_;
  std::set<std::pair<replication::NodeId, replication::NodeId>> cuts_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, replication::Message> in_flight_;
};

}  // namespace sg::test
