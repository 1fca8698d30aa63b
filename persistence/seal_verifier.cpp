#include "persistence/seal_verifier.hpp"

#include "persistence/chain/block_cursor.hpp"

namespace sg::persistence {

Sequence SealVerifier::seal_of(const KeyValue& rows, const DecodedRecord& record,
                               std::uint64_t hash) const {
  const auto found = seals_.find(hash);
  if (found == seals_.end()) return 0;
  BlockCursor blocks(rows);
  DecodedRecord seal;
  // A block that cannot be read was reported by the walk.
  if (!blocks.require(found->second) || !read_record(blocks.block(), found->second, seal)) return 0;
  return seal.key == record.key ? found->second : 0;
}

void SealVerifier::check(const KeyValue& rows, const DecodedRecord& record,
                         std::vector<std::string>& problems) {
  const bool seals = record.kind == RecordKind::seal;
  if (!seals && seals_.empty()) return;
  const auto hash = key_hash(record.key);
  const auto name = [&record] { return "record " + std::to_string(record.sequence); };
  if (const auto before = seal_of(rows, record, hash)) {
    problems.push_back(name() + (seals ? " seals" : " has") + " the key '" +
                       std::string(record.key) + "', which record " + std::to_string(before) +
                       " has sealed");
  }
  if (!seals) return;
  if (is_complete_ && record.seal_number != count_ + 1) {
    problems.push_back(name() + " is seal number " + std::to_string(record.seal_number) + ", " +
                       std::to_string(count_ + 1) + " is the next");
  }
  is_complete_ = true;
  count_ = record.seal_number;
  seals_.try_emplace(hash, record.sequence);
}

}  // namespace sg::persistence
