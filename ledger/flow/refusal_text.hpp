// Refusals as callers read them.
#pragma once

#include "ledger/error.hpp"
#include "ledger/flow/transfer_flow.hpp"
#include "ledger/locks/lock_batch.hpp"

namespace sg::ledger {

// What a shard refused, told of the unit that asked.
Error refusal_error(const Unit& unit, const Refusal& refusal);
Error rejection_error(RejectedUnits::Why why);
Error mismatch_error(const Transfer& transfer);
// The key was bound to "never".
Error sealed_error(const Transfer& transfer);
// The transfer of an atomic batch whose key an earlier request of another shape has bound.
Error other_batch_error(const Transfer& transfer);
// The reference has to be unique, and stands in the chain.
Error reference_exists_error(const Transfer& transfer, const RecordPlace& place);
// The same of one that an earlier transfer of the same atomic batch has.
Error reference_twice_error(const Transfer& transfer);
// No record is what the reversal names.
Error missing_original_error(const Transfer& reversal);
// The transactions that the submission takes back are too large together.
Error too_many_reversed_error();
// The same of all submissions that are under way.
Error reversals_overloaded_error();
Error away_error(std::uint32_t shard);
Error cancelled_error();
Error late_error();
// Of an item of an atomic batch that another item's refusal ends.
Error aborted_error();

// The order of the status table: not found in entry order, then all else in entry order.
bool precedes(const Refusal& a, const Refusal& b);
// Whether it comes before what an item's original is refused for: an account that does not exist
// does, and all that refuses an earlier item.
bool precedes(const Unit& unit, const Refusal& refusal, std::uint32_t item);

}  // namespace sg::ledger
