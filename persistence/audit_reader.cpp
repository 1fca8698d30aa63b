#include "persistence/audit_reader.hpp"

#include <algorithm>

#include "persistence/chain/extension.hpp"

namespace sg::persistence {
namespace {

// So a page of a caller who did little takes no longer than others.
constexpr std::uint64_t kMostRecordsOfPage = 20'000;

AuditedRecord to_audited(const DecodedRecord& record, TimeMs time, ledger::OriginPtr origin) {
  AuditedRecord audited{record.sequence, time, std::move(origin), "transfer", {}};
  switch (record.kind) {
    case RecordKind::credit:
      audited.what = "credit";
      break;
    case RecordKind::debit:
      audited.what = "debit";
      break;
    case RecordKind::transfer:
      break;
    case RecordKind::reversal:
      audited.what = "reversal";
      break;
    case RecordKind::policy:
      audited.what = "policy";
      break;
    case RecordKind::account:
      audited.what = "account";
      audited.created = record.account.id;
      break;
    case RecordKind::participant:
      audited.what = "participant";
      audited.created = record.participant.id;
      break;
    case RecordKind::seal:
      audited.what = "seal";
      break;
  }
  return audited;
}

}  // namespace

StoreResult<AuditPage> read_audit(const KeyValue& rows, Sequence durable, const AuditRange& range) {
  AuditPage page;
  const auto end = std::min(range.before, durable + 1);
  if (range.first >= end) return page;
  BlockCursor cursor(rows);
  DecodedRecord record;
  std::uint64_t seen = 0;
  auto found = cursor.seek_at_or_after(range.first);
  for (; found && *found && cursor.block().first() < end; found = cursor.next()) {
    const auto& block = cursor.block();
    OriginReader origins;  // which has to see the block from its begin
    for (std::uint32_t i = 0; i < block.count(); ++i) {
      const auto sequence = block.first() + i;
      if (sequence >= end) return page;
      if (!block.read_record(i, record)) return damaged(block, "a record does not decode");
      auto origin = origins.take(record.extension);
      ++seen;
      const bool is_wanted = sequence >= range.first && origin &&
                             (range.caller.empty() || origin->caller == range.caller);
      if (!is_wanted) continue;
      if (page.records.size() == range.limit) {
        page.next = sequence;
        return page;
      }
      page.records.push_back(to_audited(record, block.stamp().time, std::move(origin)));
    }
    if (seen >= kMostRecordsOfPage) {
      page.next = block.last() + 1 < end ? block.last() + 1 : 0;
      return page;
    }
  }
  if (!found) return tl::unexpected(found.error());
  return page;
}

}  // namespace sg::persistence
