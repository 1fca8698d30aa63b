// Opening the store of a member of a group. As in opening.hpp, all is looked at read-only first.
//
// The store serves what has taken effect here (LogStore::applied). Rows and blocks after that stay
// where they are: Raft says which of them are committed, and hands them over again.
//
// Refused, files untouched, beside what opening.hpp names:
//   unknown_version  the store does not belong to a member, or the cluster's level is above `known`
//   corrupt          the last block is not that of the log's last entry, or an acknowledged entry
//   is
//                    another one
//   lost_tail        the log ends before what was acknowledged, or a vote that was given is not
//   there
#pragma once

#include "persistence/log/log_store.hpp"
#include "persistence/opening.hpp"

namespace sg::persistence {

struct OpenedMember {
  OpenedStore store;
  LogIndex committed = 0;  // known to be, and not less than what has taken effect
};

// Fills `log`. `known`: the level of this program.
StoreResult<OpenedMember> open_member(Medium& medium, const StoreOptions& options, Opening opening,
                                      Level known, LogStore& log);

// Makes the store there the first member of a group, without copying anything: its chain is what
// the group begins with. An empty place becomes an empty store first. `membership` is Raft's, as
// the caller encodes it; `store` names the store. Done again for the same member it changes
// nothing.
StoreResult<void> found_group(Medium& medium, const StoreOptions& options, std::uint64_t member,
                              const std::string& membership, Level level = kFirstLevel,
                              const StoreId& store = {});

}  // namespace sg::persistence
