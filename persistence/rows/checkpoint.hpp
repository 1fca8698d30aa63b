// Loads the balances at the chain's head: those of the last checkpoint, with the blocks after it
// applied. checkpoint_writer.hpp writes checkpoints.
//
// A checkpoint consists of pages of 64 balances each, and a marker. Every page carries the sequence
// at which its balances were taken. A checkpoint writes only the pages that changed; the marker is
// the lowest sequence among those. So every page holds all records of its accounts up to the
// marker.
#pragma once

#include <vector>

#include "persistence/chain/record.hpp"
#include "persistence/medium/key_value.hpp"
#include "persistence/medium/opening_progress.hpp"

namespace sg::persistence {

// Returns the balances after the record `head.sequence`, by account number. `marker` is the
// checkpoint's marker, 0 if there is none.
//
// The replay begins behind the marker. A record changes an account only if it is younger than the
// account's page, so pages that are younger than the marker are harmless. An account on no page
// starts with its initial balance. If such an account is as old as the marker, a page is missing.
//
// What is loaded is checked: the pages against the list that was written with the marker, and the
// sum of all balances against the sum of the chain's postings. If either differs, or a page or
// block is missing or damaged, the error is `corrupt`. Any thread; nothing may write a checkpoint
// meanwhile. The listener is told of OpeningStep::balances.
StoreResult<std::vector<Amount>> load_balances(const KeyValue& rows, const ChainHead& head,
                                               Sequence marker,
                                               const OpeningListener& listener = {});

}  // namespace sg::persistence
