// Which accounts belong to a participant: what a caller of that role may debit. The answer comes
// from the queries actor, in a cluster by a linearizable read, and goes back to the call that has
// asked.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actors/gateway/transport/call.hpp"
#include "actors/gateway/transport/inbox.hpp"
#include "actors/query.hpp"

namespace sg::actors {

// On its way back to the call: the ids of the accounts, or why they are not known.
class OwnAccounts final : public Completion {
 public:
  explicit OwnAccounts(ledger::Result<std::vector<std::string>> known) : ids(std::move(known)) {}
  ledger::Result<std::vector<std::string>> ids;
};

// What Completed::part has in addition, when a call gets OwnAccounts, or null for a query that was
// lost.
inline constexpr std::uint64_t kOwnAccountsPart = std::uint64_t{1} << 63;

// Needs: on the gateway's thread. `part` is what the answer comes with, beside kOwnAccountsPart.
QueryPtr ask_for_own_accounts(Call& call, std::uint64_t part, const std::string& participant);

}  // namespace sg::actors
