#include "persistence/chain/remaining.hpp"

#include <algorithm>

#include "persistence/chain/extension.hpp"

namespace sg::persistence {

std::optional<ledger::Remainder> whole_of(const DecodedRecord& record) {
  const auto details = read_details(record.extension);
  if (!details) return std::nullopt;
  ledger::Remainder whole;
  whole.balanced = details->balanced;
  // A reversal of what had to be balanced is bound as that was.
  if (record.kind == RecordKind::reversal) {
    const auto remainder = read_remainder(record.extension);
    if (!remainder) return std::nullopt;
    whole.balanced |= remainder->balanced;
  }
  whole.parts.reserve(record.postings.size());
  for (const auto& posting : record.postings) {
    whole.parts.push_back({posting.account, posting.amount});
  }
  return whole;
}

std::vector<ledger::Remaining> by_account(std::span<const ledger::Remainder::Part> parts) {
  std::vector<ledger::Remaining> remaining;
  absl::flat_hash_map<AccountNumber, std::size_t> places;
  for (const auto& part : parts) {
    const auto [place, added] = places.try_emplace(part.account, remaining.size());
    if (added) remaining.push_back({part.account, {}, 0});
    remaining[place->second].amount += part.amount;
  }
  std::erase_if(remaining, [](const ledger::Remaining& one) { return one.amount == 0; });
  return remaining;
}

}  // namespace sg::persistence
