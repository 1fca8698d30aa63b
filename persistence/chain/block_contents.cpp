#include "persistence/chain/block_contents.hpp"

#include "persistence/chain/block_cursor.hpp"
#include "persistence/chain/record.hpp"

namespace sg::persistence {

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
      ++head.accounts;
    } else if (record.kind == RecordKind::participant) {
      into.participants.push_back(record.participant);
    } else {
      for (const Posting& posting : record.postings) {
        into.history.push_back({posting.account, sequence});
        postings.push_back(posting);
      }
      if (!record.key.empty()) into.keys.push_back({key_hash(record.key), sequence});
    }
  }
  into.head = head;
  return {};
}

}  // namespace sg::persistence
