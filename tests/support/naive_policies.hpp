// Policies on a naive model: accounts with all their limits, and units applied to them one item
// after the other. It shares no code with the ledger's own rules.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/test_submission.hpp"

namespace sg::test {

struct NaiveAccount {
  ledger::WideAmount balance = 0;
  ledger::Amount floor = 0;
  std::optional<ledger::Amount> ceiling{};
  bool debits_frozen = false;
  bool credits_frozen = false;
  bool closed = false;
};

struct NaiveLedger {
  std::map<std::string, NaiveAccount, std::less<>> accounts;
  bool require_balanced = false;
};

// One item: what it moves, or the policy that it changes.
struct NaiveItem {
  std::uint32_t item = 0;
  std::vector<Posting> postings;
  const PolicyOrder* policy = nullptr;
};

using NaiveRefusals = std::set<std::pair<std::uint32_t, ledger::Reason>>;

// Applies the items as one unit, and returns what speaks against it, with the item to blame. An
// account that does not exist is passed over.
NaiveRefusals apply_unit(NaiveLedger& ledger, const std::vector<NaiveItem>& items);

// Whether the account has these limits.
bool has_limits(const NaiveAccount& account, const ledger::Policy& policy);

}  // namespace sg::test
