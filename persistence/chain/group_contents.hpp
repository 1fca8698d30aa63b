// What a group holds on its way into the store: sealed blocks, and what is derived from them.
#pragma once

#include <optional>
#include <vector>

#include "persistence/chain/block_writer.hpp"
#include "persistence/chain/mentions.hpp"
#include "persistence/chain/record.hpp"

namespace sg::persistence {

struct GroupContents {
  ChainHead begun_on;
  ChainHead head;  // with all sealed blocks
  TimeMs time = 0;
  std::int64_t run_ms = 0;
  Sequence last = 0;
  AccountNumber next_account = 0;
  AccountNumber accounts_before_block = 0;
  ChainTotals totals;
  bool unit_is_open = false;

  BlockWriter writer;
  Mentions mentions;
  std::vector<ledger::Account> accounts;
  std::vector<ledger::Participant> participants;
  std::vector<PolicyRow> policies;

  void start(const ChainHead& on, TimeMs now, std::int64_t run);
  Sequence next_record();
  void seal();
};

// The policy that an account is created with, if it is more than a floor.
inline std::optional<PolicyRow> first_policy(const ledger::Account& created) {
  const auto policy = ledger::policy_of(created);
  if (policy.is_plain()) return std::nullopt;
  return PolicyRow{created.sequence, {created.number, policy, created.initial_balance}};
}

}  // namespace sg::persistence
