#include "persistence/reversal_verifier.hpp"

#include <utility>

#include "persistence/chain/extension.hpp"
#include "persistence/chain/remaining.hpp"

namespace sg::persistence {
namespace {

using Amounts = absl::flat_hash_map<AccountNumber, WideAmount>;

Amounts amounts_of(std::span<const ledger::Remainder::Part> parts) {
  Amounts amounts;
  for (const auto& one : by_account(parts)) amounts.emplace(one.account, one.amount);
  return amounts;
}

// Whether `moved` takes no account of `left` past 0, and none that is not in it. Makes `left` what
// is left afterwards.
bool take_off(Amounts& left, std::span<const Posting> moved) {
  Amounts sums;
  for (const auto& posting : moved) sums[posting.account] += posting.amount;
  for (const auto& [account, amount] : sums) {
    const auto found = left.find(account);
    if (found == left.end()) return false;
    const auto before = found->second;
    const auto after = before + amount;
    const bool is_right =
        before > 0 ? after >= 0 && after <= before : after <= 0 && after >= before;
    if (!is_right) return false;
    found->second = after;
    if (after == 0) left.erase(found);
  }
  return true;
}

}  // namespace

std::optional<ledger::Remainder> ReversalVerifier::before(BlockCursor& blocks,
                                                          const ledger::Details& details,
                                                          Sequence reversal,
                                                          std::string& problem) const {
  const auto& place = details.reverses;
  if (place.sequence >= reversal) {
    problem = "takes back record " + std::to_string(place.sequence) + ", which is not before it";
    return std::nullopt;
  }
  const auto known = newest_.find(place.sequence);
  const auto sequence = known == newest_.end() ? place.sequence : known->second;
  DecodedRecord record;
  // A block that cannot be read was reported by the walk.
  if (!blocks.require(sequence) || !read_record(blocks.block(), sequence, record)) {
    return std::nullopt;
  }
  if (known == newest_.end()) {
    if (!is_transaction(record.kind) || blocks.block().stamp().time != place.time) {
      problem = "takes back record " + std::to_string(place.sequence) + ", which is not that one";
      return std::nullopt;
    }
    return whole_of(record);
  }
  const auto of_newest = read_details(record.extension);
  if (!of_newest || of_newest->reverses != place) {
    problem = "takes back another record than the reversal before it, " + std::to_string(sequence);
    return std::nullopt;
  }
  return read_remainder(record.extension);
}

void ReversalVerifier::check(BlockCursor& blocks, const DecodedRecord& record,
                             std::vector<std::string>& problems) {
  const auto name = [&record] { return "record " + std::to_string(record.sequence) + " "; };
  // Fields that do not decode were reported by the walk.
  const auto details = read_details(record.extension);
  if (!details) return;
  const auto remainder = read_remainder(record.extension);
  const bool is_reversal = record.kind == RecordKind::reversal;
  if (is_reversal != (details->reverses.sequence != 0) || is_reversal != remainder.has_value()) {
    problems.push_back(name() + (is_reversal ? "is a reversal and does not tell of what"
                                             : "is no reversal and tells of one"));
    return;
  }
  if (!is_reversal || !is_complete_) return;
  std::string problem;
  const auto before = this->before(blocks, *details, record.sequence, problem);
  newest_[details->reverses.sequence] = record.sequence;
  if (!problem.empty()) problems.push_back(name() + problem);
  if (!before) return;
  auto left = amounts_of(before->parts);
  if (!take_off(left, record.postings)) {
    problems.push_back(name() + "takes back more of record " +
                       std::to_string(details->reverses.sequence) + " than was left");
    return;
  }
  if (left != amounts_of(remainder->parts)) {
    problems.push_back(name() + "tells wrongly what it leaves of record " +
                       std::to_string(details->reverses.sequence));
  }
  WideAmount sum = 0;
  for (const auto& posting : record.postings) sum += posting.amount;
  if (remainder->balanced != before->balanced || (before->balanced && sum != 0)) {
    problems.push_back(name() + "does not balance as record " +
                       std::to_string(details->reverses.sequence) + " had to");
  }
}

}  // namespace sg::persistence
