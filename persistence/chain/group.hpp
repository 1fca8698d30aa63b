// Records that become durable together: the journal adds decided units, the store writes the group
// as blocks in one synced batch. A group numbers its records in the order they are added.
//
//   Group group = store.begin_group(now_ms, run_ms);
//   Sequence s = group.add(TransferRecord{...});
//   group.end_unit();
//   store.append(std::move(group));
//
// Not thread-safe. Only the last group begun may be appended, and only on top of the head that it
// was begun on.
#pragma once

#include <memory>

#include "ledger/account.hpp"
#include "persistence/chain/record.hpp"

namespace sg::persistence {

struct GroupContents;

class Group {
 public:
  Group(ChainHead head, TimeMs now, std::int64_t run_ms);
  // Takes over the buffers of an earlier group.
  Group(ChainHead head, TimeMs now, std::int64_t run_ms, std::unique_ptr<GroupContents> buffers);
  // One that was finished: it may be appended as it is.
  explicit Group(std::unique_ptr<GroupContents> finished);
  Group(Group&&) noexcept;
  Group& operator=(Group&&) noexcept;
  ~Group();

  Sequence add(const TransferRecord& record);
  // Numbers the account and books its initial balance. `origin`: who asked for it; null: not kept.
  ledger::Account add(const ledger::NewAccount& account, const ledger::Origin* origin = nullptr);
  ledger::Participant add(const ledger::NewParticipant& participant,
                          const ledger::Origin* origin = nullptr);
  Sequence add(const SealRecord& record);
  // The records since the last call are one unit: they never stand in two blocks.
  void end_unit();

  // Milliseconds since 1970, max(now, time of the block before); all blocks of a group share it.
  TimeMs time() const;
  Sequence last_sequence() const;
  bool empty() const;
  // Records, and about how many bytes they have as blocks.
  std::size_t records() const;
  std::size_t bytes() const;

  // For the store: ends the last unit, seals the last block, and hands everything over.
  std::unique_ptr<GroupContents> finish() &&;

 private:
  std::unique_ptr<GroupContents> contents_;
};

}  // namespace sg::persistence
