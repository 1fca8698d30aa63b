// What a member has on disk: either a plain list of entries, or the ledger's own store. A write is
// durable when put() returns; what takes effect of committed entries may be lost in a crash.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "replication/replica.hpp"
#include "tests/simulation/random.hpp"

namespace sg::test {

// A mistake that is planted, to show that the checks find it.
enum class GroupDefect : std::uint8_t {
  none,
  unsynced_vote,       // a vote leaves before it is durable
  early_ack,           // an entry counts before its write is done
  lead_after_failure,  // a write that failed does not end the replica
  stale_read,          // a read is answered without a round
  keep_tail,           // an entry that is replaced stays on disk
  missing_body,        // a message leaves without a body that is not in memory
  count
};
std::string to_string(GroupDefect defect);

class MemberDisk : public replication::StoredLog {
 public:
  // After a start, and after crash().
  virtual void open() = 0;
  // Of what was not synced, an arbitrary part is lost.
  virtual void crash(Random& random) = 0;
  // Returns what is wrong, or an empty text.
  virtual std::string put(const replication::LogWrite& write) = 0;
  // The next put() fails; whether it is on disk all the same is not known.
  virtual void fail_next_put() = 0;
  // Takes committed entries into effect. Returns what is wrong, or an empty text.
  virtual std::string commit(const replication::CommittedEntries& committed) = 0;
  // Upkeep, now and then.
  virtual void maintain() = 0;

  virtual replication::HardState hard_state() const = 0;
  virtual replication::Index applied() const = 0;
  virtual replication::Membership membership() const = 0;
  // Null: there is none.
  virtual replication::Body read_body(const replication::Entry& entry) const = 0;

  // --- as a leader ---
  // Proposes what stands for `what` by calling `propose`. Returns the data of the entry, or nullopt
  // if it was refused. `is_fenced`: an entry of the leader's own term has taken effect.
  using Propose = std::function<bool(const replication::Proposal&)>;
  virtual std::optional<std::string> seal(const std::string& what, bool is_fenced,
                                          const Propose& propose) = 0;
  // The member leads no more, or may propose from here on: it goes on from what is committed.
  virtual void end_term() = 0;
  // At the end of a run: returns what is wrong with what is stored, or an empty text. Members that
  // have applied as much have the same fingerprint.
  virtual std::string check() const = 0;
  virtual std::string fingerprint() const = 0;
};

std::unique_ptr<MemberDisk> make_plain_disk(const replication::Membership& founders,
                                            GroupDefect defect);
// A MemberStore on a disk in memory.
std::unique_ptr<MemberDisk> make_store_disk(replication::NodeId id,
                                            const replication::Membership& founders);

// The body that goes with an entry of this data, on a plain disk.
replication::Body body_of(const std::string& data);

}  // namespace sg::test
