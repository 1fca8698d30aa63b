#include "persistence/chain/block_contents.hpp"

#include "persistence/chain/block_cursor.hpp"
#include "persistence/chain/extension.hpp"
#include "persistence/chain/record.hpp"

namespace sg::persistence {

Sequence original_of(const DecodedRecord& record) {
  if (record.kind != RecordKind::reversal) return 0;
  const auto details = read_details(record.extension);
  return details ? details->reverses.sequence : 0;
}

void add_mentions(const DecodedRecord& record, Mentions& into) {
  if (record.kind == RecordKind::seal) return into.add_seal(record.sequence, record.key);
  if (!is_transaction(record.kind)) return;
  into.add(record.sequence, record.postings, record.reference,
           record.key.empty() ? std::nullopt : std::optional(key_hash(record.key)),
           original_of(record));
}

StoreResult<void> add_block(const BlockView& block, GroupContents& into,
                            std::vector<Posting>& postings) {
  // As head_after(), which would decode all records once more.
  const BlockStamp& stamp = block.stamp();
  ChainHead head{block.last(),          stamp.time,  block.hash(), stamp.totals,
                 stamp.accounts_before, stamp.run_ms};
  DecodedRecord record;
  for (Sequence sequence = block.first(); sequence <= block.last(); ++sequence) {
    if (auto read = read_record(block, sequence, record); !read) return read;
    if (record.kind == RecordKind::account) {
      into.accounts.push_back(record.account);
      if (const auto row = first_policy(record.account)) into.policies.push_back(*row);
      ++head.accounts;
    } else if (record.kind == RecordKind::participant) {
      into.participants.push_back(record.participant);
    } else {
      add_mentions(record, into.mentions);
      if (!is_transaction(record.kind)) continue;
      if (record.kind == RecordKind::policy) {
        const auto result = read_policy(record.extension);
        if (!result) return damaged(block, "a policy does not say what it has made");
        into.policies.push_back({sequence, *result});
      }
      postings.insert(postings.end(), record.postings.begin(), record.postings.end());
    }
  }
  into.head = head;
  return {};
}

}  // namespace sg::persistence
