// Opening a store: look read-only first, and only what is whole is opened for writing, since a
// read-write open of the database replaces its WAL before anyone could look.
//
// Refused, files untouched:
//   unknown_version  the format's version is none that this program knows, or the shard
//                    hash is another
//   corrupt          a block near the chain's end fails its checksum or does not carry the hash of
//                    the one before it; the block at the mark is not the acknowledged one; the
//                    mark is unreadable, or missing while there are blocks; index watermark or
//                    checkpoint marker ahead of the chain; balances that are not the ones that
//                    the checkpoint wrote, or do not add up to the chain's postings
//   lost_tail        the chain ends before the mark, or there is a mark but no database
//
// A missing mark is refused since nothing then tells whether acknowledged records are missing. Who
// knows that a copy is complete makes an empty `head` file: an empty mark is taken as consent.
#pragma once

#include <memory>

#include "persistence/index/record_index.hpp"
#include "persistence/medium/key_value.hpp"
#include "persistence/medium/store_options.hpp"

namespace sg::persistence {

struct OpenedStore {
  std::unique_ptr<KeyValue> rows;
  ChainHead head;
  Sequence checkpoint = 0;
  std::uint16_t format = 0;
  std::unique_ptr<RecordIndex> index;
};

enum class Opening : std::uint8_t {
  first,    // all that a start reads is read before anything is written
  again,    // by the process that has written to it: who starts anew reads it, and tells
  to_read,  // nothing is written, whatever there would be to complete or to repair
};

StoreResult<OpenedStore> open_chain(Medium& medium, const StoreOptions& options, Opening opening);

}  // namespace sg::persistence
