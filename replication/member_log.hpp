// The store of a member as a replica sees it, and the values of one as those of the other.
//
//   MemberLog log(store);
//   Replica replica(options, host, log, hard_state_of(store), membership_of(store));
//   store.write(to_append(write));                 // what the replica wants stored
//   store.commit(index, term, membership);         // what it says is committed
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "persistence/member_store.hpp"
#include "replication/recent_log.hpp"
#include "replication/replica.hpp"

namespace sg::replication {

// The log cannot be read: the member has to stop.
class LogUnreadable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Entry and body of the store are row and block. Thread-safe, as far as StoredLog asks for it.
class MemberLog final : public StoredLog {
 public:
  // `store` has to outlive it.
  explicit MemberLog(const persistence::MemberStore& store) : store_(store) {}

  Index base() const override { return 0; }
  Term base_term() const override { return 0; }
  Index last_index() const override { return store_.log().last_index(); }
  // Throws LogUnreadable.
  std::vector<Entry> read(Index low, Index high, std::uint64_t max_bytes) const override;
  std::uint64_t bytes_to_send(const Entry& entry) const override;
  // The block of an entry that has one. Null: it was cut meanwhile, or cannot be read; a message
  // without it is of no use. Throws LogUnreadable if the entry names no block.
  Body read_body(const Entry& entry) const;

 private:
  const persistence::MemberStore& store_;
};

// Needs the bodies of all entries that have one.
persistence::LogAppend to_append(const LogWrite& write);
// As it was stored last. Needs: the store is open.
HardState hard_state_of(const persistence::MemberStore& store);
// Throws LogUnreadable if the bytes in the store are no membership.
Membership membership_of(const persistence::MemberStore& store);

// Four lists of ids, each with its length before it, and whether a joint membership leaves itself.
std::string encode(const Membership& membership);
// Nullopt: the bytes are no membership.
std::optional<Membership> decode_membership(std::string_view bytes);

}  // namespace sg::replication
