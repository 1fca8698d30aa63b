// Blocks are read one after the other, from the block that holds the first sequence. Nothing is
// kept between two portions, so a reader that is slow, or does not come back, costs nothing.
#include "persistence/record_reader.hpp"

#include <algorithm>

#include "persistence/chain/extension.hpp"

namespace sg::persistence {
namespace {

// What a record takes beside its texts, as an estimate: sequence, time, kind, lengths.
constexpr std::size_t kBytesOfRecord = 32;
constexpr std::size_t kBytesOfEntry = 16;

std::size_t bytes_of(const ledger::Metadata& metadata) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : metadata) bytes += key.size() + value.size() + kBytesOfEntry;
  return bytes;
}

class Conversion {
 public:
  Conversion(const KeyValue& rows, AccountIdCache& ids, Sequence durable)
      : catalog_(rows, durable), ids_(ids) {}

  // Adds the record to the portion, and its size to `bytes`.
  StoreResult<void> add(const DecodedRecord& from, TimeMs time, RecordPortion& portion,
                        std::size_t& bytes) {
    auto& to = portion.records.emplace_back();
    to.sequence = from.sequence;
    to.time = time;
    to.ends_unit = from.ends_unit;
    bytes += kBytesOfRecord;
    if (from.kind == RecordKind::participant) {
      to.content = from.participant;
      bytes += from.participant.id.size() + from.participant.name.size() +
               bytes_of(from.participant.metadata);
      return {};
    }
    if (from.kind == RecordKind::account) {
      to.content = from.account;
      bytes += from.account.id.size() + from.account.participant_id.size() +
               bytes_of(from.account.metadata);
      return {};
    }
    bytes += from.key.size();
    if (from.kind == RecordKind::seal) {
      to.content = SealedKey{std::string(from.key)};
      return {};
    }
    bytes += from.reference.size();
    return add_transaction(from, time, to.content.emplace<KeyedTransaction>(), bytes);
  }

 private:
  StoreResult<void> add_transaction(const DecodedRecord& from, TimeMs time, KeyedTransaction& to,
                                    std::size_t& bytes) {
    to.key = from.key;
    auto& transaction = to.transaction;
    transaction.sequence = from.sequence;
    transaction.time = time;
    transaction.kind = static_cast<ledger::TransferKind>(from.kind);
    transaction.reference = from.reference;
    auto details = stored_details(from.extension);
    if (!details) return tl::unexpected(details.error());
    transaction.details = std::move(*details);
    bytes += bytes_of(transaction.details.metadata);
    transaction.ends_unit = from.ends_unit;
    transaction.entries.reserve(from.postings.size());
    for (const Posting& posting : from.postings) {
      auto id = ids_.id_of(posting.account, catalog_);
      if (!id) return tl::unexpected(id.error());
      bytes += id->size() + kBytesOfEntry;
      transaction.entries.push_back({std::move(*id), posting.amount});
    }
    return {};
  }

  const Catalog catalog_;
  AccountIdCache& ids_;
};

}  // namespace

StoreResult<RecordPortion> read_records(const KeyValue& rows, AccountIdCache& ids, Sequence durable,
                                        const RecordRange& range) {
  RecordPortion portion;
  const auto last = std::min(range.last, durable);
  auto next = std::max<Sequence>(range.first, 1);
  BlockCursor cursor(rows);
  DecodedRecord record;
  Conversion conversion(rows, ids, durable);
  std::size_t bytes = 0;
  while (next <= last && bytes < range.max_bytes) {
    if (auto found = cursor.require(next); !found) return tl::unexpected(found.error());
    const auto& block = cursor.block();
    const auto end = std::min(block.last(), last);
    for (; next <= end && bytes < range.max_bytes; ++next) {
      if (auto read = read_record(block, next, record); !read) return tl::unexpected(read.error());
      if (auto added = conversion.add(record, block.stamp().time, portion, bytes); !added) {
        return tl::unexpected(added.error());
      }
    }
  }
  portion.next = next;
  return portion;
}

StoreResult<std::optional<BlockHash>> read_first_hash(const KeyValue& rows, Sequence durable) {
  if (durable == 0) return std::nullopt;
  BlockCursor cursor(rows);
  if (auto found = cursor.require(1); !found) return tl::unexpected(found.error());
  return cursor.block().hash();
}

}  // namespace sg::persistence
