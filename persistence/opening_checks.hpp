// What every opening of a store checks and reads, whether the store stands alone or belongs to a
// member of a group. Nothing here writes.
#pragma once

#include <functional>

#include "persistence/opening.hpp"

namespace sg::persistence {

// The error, with the name of the store and what can be done about it.
tl::unexpected<StoreError> refused(const Medium& medium, StoreError error);

// That this program knows the store's format. Returns the format.
StoreResult<std::uint16_t> check_version(const KeyValue& rows);

// Walks back over the last blocks: each is whole, and carries the hash of the one before it.
StoreResult<void> check_links(const KeyValue& rows);

// How far derived data reaches.
struct DerivedEnds {
  Sequence indexed = 0;
  Sequence checkpoint = 0;
};
// That it does not reach past the head.
StoreResult<DerivedEnds> check_derived(const KeyValue& rows, const ChainHead& head);

// What was not indexed when the store was closed stands in the blocks, up to `until`. The listener
// is told of OpeningStep::indexes.
StoreResult<void> refill(RecordIndex& index, const KeyValue& rows, Sequence until,
                         const OpeningListener& listener = {});

// Reads what the actors read when they start, so that what they could not read is told here, while
// every file is as it was. The listener is told of the steps `balances` and `accounts`.
StoreResult<void> check_readable(const KeyValue& rows, const ChainHead& head, Sequence checkpoint,
                                 const OpeningListener& listener = {});

// What a check of one kind of store found.
struct Checked {
  ChainHead head;  // that is served
  DerivedEnds ends;
  std::uint16_t format = 0;
};
using Check = std::function<StoreResult<Checked>(const KeyValue& rows)>;

// Opens a store that is there. All is checked read-only first, the tail too, and again once the
// database is open for writing.
StoreResult<OpenedStore> look_then_open(Medium& medium, const StoreOptions& options,
                                        Opening opening, const Check& check);

}  // namespace sg::persistence
