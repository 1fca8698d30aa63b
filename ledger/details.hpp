// What a command may say of a transfer beside its entries, its reference and its key. All of it is
// content: it stands in the record as it was asked for, and a retry has to say the same.
//
// A view: the request, or the record, that carries it owns the texts.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/ids.hpp"
#include "ledger/policy.hpp"

namespace sg::ledger {

struct Details {
  // By key, strictly ascending: equal metadata has one form only.
  std::vector<std::pair<std::string_view, std::string_view>> metadata;
  // When it happened for the caller, in ms since 1970. It affects nothing. 0: not said.
  TimeMs effective_at = 0;
  // Its entries have to sum to zero.
  bool balanced = false;
  // No other transaction has its reference yet.
  bool unique_reference = false;
  // Of a reversal: what it takes back, as its id names it. Sequence 0: it is none.
  TransactionPlace reverses{};
  // All that is left of it: no entries were asked for.
  bool reverses_all = false;
  // Of a policy: what it changes. Its entries are the accounts that it touches, with amount 0.
  std::optional<PolicyChange> policy{};

  bool empty() const {
    return metadata.empty() && effective_at == 0 && !balanced && !unique_reference &&
           reverses.sequence == 0 && !policy;
  }
  bool operator==(const Details&) const = default;
};

// Sorts the pairs by key. Of several with one key the last one counts, as in a protobuf map.
void sort_metadata(Details& details);

}  // namespace sg::ledger
