// A transaction without an index: sequences are walked backwards, and creations are passed over.
// With an account, the history gives the sequences, and each of them must be a transaction.
#include "persistence/transaction_reader.hpp"

#include <algorithm>

#include "persistence/chain/extension.hpp"
#include "persistence/index/reference_lookup.hpp"
#include "persistence/index/reversal_lookup.hpp"

namespace sg::persistence {

StoreResult<StoredTransaction> TransactionReader::to_stored(const DecodedRecord& record,
                                                            TimeMs time, bool with_details) {
  StoredTransaction stored;
  stored.sequence = record.sequence;
  stored.time = time;
  stored.kind = static_cast<ledger::TransferKind>(record.kind);
  stored.reference = record.reference;
  // Of a record with fields that this program does not know the others are told.
  if (with_details || record.kind == RecordKind::reversal) {
    stored.details = stored_details(record.extension).value_or(StoredDetails());
  }
  if (with_details && record.kind == RecordKind::policy) {
    stored.policy = read_policy(record.extension);
    if (stored.policy && stored.policy->account != ledger::kNoAccount) {
      auto account = catalog_.account(stored.policy->account);
      if (!account) return tl::unexpected(account.error());
      stored.account = std::move(*account);
    }
  }
  stored.ends_unit = record.ends_unit;
  stored.entries.reserve(record.postings.size());
  for (const Posting& posting : record.postings) {
    auto id = ids_.id_of(posting.account, catalog_);
    if (!id) return tl::unexpected(id.error());
    stored.entries.push_back({std::move(*id), posting.amount});
  }
  return stored;
}

StoreResult<std::optional<StoredTransaction>> TransactionReader::read(Sequence sequence,
                                                                      bool with_details) {
  if (sequence == 0 || sequence > durable_) return std::nullopt;
  if (auto found = blocks_.require(sequence); !found) return tl::unexpected(found.error());
  const BlockView& block = blocks_.block();
  // Look at the kind first: a creation need not be decoded. Lists pass over policies that sweep
  // nothing.
  const auto index = static_cast<std::uint32_t>(sequence - block.first());
  if (with_details ? !block.is_transaction_at(index) : !block.moves_money_at(index)) {
    return std::nullopt;
  }
  if (auto read = read_record(block, sequence, record_); !read) return tl::unexpected(read.error());
  auto stored = to_stored(record_, block.stamp().time, with_details);
  if (!stored) return tl::unexpected(stored.error());
  return std::move(*stored);
}

StoreResult<std::optional<StoredTransaction>> TransactionReader::read_whole(
    const RecordIndex& index, Sequence sequence) {
  auto stored = read(sequence, true);
  if (!stored || !*stored) return stored;
  auto reversals =
      find_reversals(rows_, index, of_reversals_, sequence, {1, durable_ + 1, kMaxReversedBy});
  if (!reversals) return tl::unexpected(reversals.error());
  (*stored)->reversed_by = std::move(*reversals);
  return stored;
}

StoreResult<std::vector<StoredTransaction>> TransactionReader::read_at(
    const RecordIndex& index, std::span<const Sequence> sequences,
    const Enough<StoredTransaction>& enough) {
  std::vector<StoredTransaction> all;
  for (const auto sequence : sequences) {
    auto stored = read_whole(index, sequence);
    if (!stored) return tl::unexpected(stored.error());
    if (!*stored) {
      return store_error(StoreFault::corrupt,
                         "sequence " + std::to_string(sequence) + " is no transaction");
    }
    all.push_back(std::move(**stored));
    if (enough && enough(all.back())) break;
  }
  return all;
}

StoreResult<std::vector<StoredTransaction>> TransactionReader::list_all(
    const TransactionRange& range, const Enough<StoredTransaction>& enough) {
  std::vector<StoredTransaction> listed;
  // `next` is one past the sequence that is read, so that it never falls below zero.
  for (Sequence next = range.before; next > range.first && listed.size() < range.limit; --next) {
    auto stored = read(next - 1, false);
    if (!stored) return tl::unexpected(stored.error());
    if (!*stored) continue;
    listed.push_back(std::move(**stored));
    if (enough && enough(listed.back())) break;
  }
  return listed;
}

StoreResult<std::vector<StoredTransaction>> TransactionReader::list(
    const RecordIndex& index, const TransactionRange& wanted,
    const Enough<StoredTransaction>& enough) {
  TransactionRange range = wanted;
  // Bring the range into what is durable. Sequences begin with 1.
  range.first = std::max<Sequence>(range.first, 1);
  range.before = std::min(range.before, durable_ + 1);
  if (range.before <= range.first || range.limit == 0) return std::vector<StoredTransaction>{};
  if (!range.account) return list_all(range, enough);

  const auto found =
      index.find(rows_, Index::history, *range.account, {range.first, range.before, range.limit});
  if (!found) return tl::unexpected(found.error());
  std::vector<StoredTransaction> listed;
  for (const Sequence sequence : *found) {
    auto stored = read(sequence, false);
    if (!stored) return tl::unexpected(stored.error());
    if (!*stored) {
      // The history lists transactions only, up to the durable sequence.
      return store_error(StoreFault::corrupt, "the history of account number " +
                                                  std::to_string(*range.account) +
                                                  " names sequence " + std::to_string(sequence) +
                                                  ", which is no transaction");
    }
    listed.push_back(std::move(**stored));
    if (enough && enough(listed.back())) break;
  }
  return listed;
}

StoreResult<std::vector<StoredTransaction>> TransactionReader::list_with(
    const RecordIndex& index, std::string_view reference, const TransactionRange& wanted,
    const Enough<StoredTransaction>& enough) {
  if (auto building = links_building(index)) return tl::unexpected(std::move(*building));
  const auto term = index.link_term(link_text(LinkKind::reference, reference));
  MentionRange range{std::max<Sequence>(wanted.first, 1), std::min(wanted.before, durable_ + 1),
                     wanted.limit};
  std::vector<StoredTransaction> listed;
  // Records of other references may have the same term: then there is another round.
  while (listed.size() < wanted.limit && range.before > range.first) {
    const auto found = index.find(rows_, Index::links, term, range);
    if (!found) return tl::unexpected(found.error());
    for (const Sequence sequence : *found) {
      auto stored = read_whole(index, sequence);
      if (!stored) return tl::unexpected(stored.error());
      if (!*stored || (*stored)->reference != reference) continue;
      listed.push_back(std::move(**stored));
      // It has to see the last one too.
      const bool is_enough = enough && enough(listed.back());
      if (is_enough || listed.size() == wanted.limit) return listed;
    }
    if (found->size() < range.limit) break;
    range.before = found->back();
  }
  return listed;
}

StoreResult<Sequence> first_block(const KeyValue& rows, Sequence durable,
                                  const std::function<bool(const BlockStamp&)>& is_late) {
  // Invariant: all sequences before `low` are too early, and `high` is late enough or the end. Each
  // step decides about a whole block.
  BlockCursor cursor(rows);
  Sequence low = 1;
  Sequence high = durable + 1;
  while (low < high) {
    const Sequence middle = low + (high - low) / 2;
    if (auto found = cursor.require(middle); !found) return tl::unexpected(found.error());
    if (is_late(cursor.block().stamp())) {
      high = cursor.block().first();
    } else {
      low = cursor.block().last() + 1;
    }
  }
  return high;
}

StoreResult<Sequence> first_at_or_after(const KeyValue& rows, Sequence durable, TimeMs time) {
  // Block times never fall.
  return first_block(rows, durable, [time](const BlockStamp& stamp) { return stamp.time >= time; });
}

}  // namespace sg::persistence
