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
Error away_error(std::uint32_t shard);
Error cancelled_error();
Error late_error();
// Of an item of an atomic batch that another item's refusal ends.
Error aborted_error();

// The order of the status table: not found in entry order, then all else in entry order.
bool precedes(const Refusal& a, const Refusal& b);

}  // namespace sg::ledger
