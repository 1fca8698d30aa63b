// A block. Numbers are little-endian; header fields in format.hpp.
//
//   block    := header record* offset* checksum
//   header   := magic:u32 version:u16 zero:u16 first:u64 count:u32 record_bytes:u32 time:i64
//               run_ms:i64 accounts_before:u32 zero:u32 transactions:u64 postings:i128
//               previous_hash:32 bytes
//   offset   := u32, a record's place from the block's begin; `count` of them, so that one record
//               is read without decoding the others
//   checksum := u32, CRC-32C of everything before it
//
//   record      := tag:u8 [kind:u8] (transaction | account | participant | seal) [extension]
//   tag         := kind in bits 0-2, has key in bit 3, last of its unit in bit 4, has extension in
//                  bit 5; kind 7: it stands in the byte after the tag
//   transaction := n:varint (account:varint amount:zigzag){n} text(reference)
//                  [text(key)]
//   account     := number:varint type:u8 floor:zigzag initial:zigzag text(id)
//                  text(participant id) metadata
//   participant := role:u8 text(id) text(name) metadata
//   seal        := number:varint text(key)
//   extension   := text(fields, as extension.hpp says)
//   metadata    := n:varint (text(key) text(value)){n}
//   text        := length:varint bytes
//
// Bit 5 and kind 7 are of format 5; seals, reversals, policies, and in an extension the details of
// commands and ceilings, of format 7.
// A block has version 4 while none of its records needs more.
//
// A record's sequence is first + its index. A block's hash is SHA-256 over all of its bytes.
#include "persistence/chain/block_writer.hpp"

#include <algorithm>

#include "persistence/encoding/crc32c.hpp"
#include "persistence/encoding/sha256.hpp"

namespace sg::persistence {
namespace {

std::size_t bound_of(const ledger::Metadata& metadata) {
  std::size_t bound = kMaxVarintBytes;
  for (const auto& [key, value] : metadata) {
    bound += 2 * kMaxVarintBytes + key.size() + value.size();
  }
  return bound;
}

char* put_metadata(char* to, const ledger::Metadata& metadata) {
  to = put_varint(to, metadata.size());
  for (const auto& [key, value] : metadata) to = put_text(put_text(to, key), value);
  return to;
}

}  // namespace

void BlockWriter::clear() {
  buffer_.clear();
  offsets_.clear();
  blocks_.clear();
  open_ = false;
  newest_format_ = kOldestFormat;
}

void BlockWriter::begin(Sequence first) {
  begin_ = buffer_.size();
  first_ = first;
  open_ = true;
  format_ = kOldestFormat;
  origins_.clear();
  buffer_.set_end(buffer_.reserve(kHeaderBytes) + kHeaderBytes);
}

std::uint8_t BlockWriter::make_extension(std::string_view fields, const ledger::Details* details,
                                         const ledger::Origin* origin,
                                         const ledger::Remainder* remainder,
                                         const ledger::PolicyResult* policy) {
  extension_ = fields;
  if (details != nullptr) put_details(*details, extension_);
  if (remainder != nullptr) put_remainder(*remainder, extension_);
  if (policy != nullptr) put_policy(*policy, extension_);
  if (origin != nullptr) origins_.put(*origin, extension_);
  if (extension_.empty()) return 0;
  format_ = std::max(format_, details != nullptr ? kFormatOfCommands : kFormatOfExtensions);
  return kHasExtension;
}

void BlockWriter::add(const TransferRecord& record) {
  start_record();
  const auto flag = make_extension(record.extension, record.details, record.origin,
                                   record.remainder, record.policy);
  const bool has_key = !record.idempotency_key.empty();
  char* to =
      buffer_.reserve(2 + 4 * kMaxVarintBytes + 2 * kMaxVarintBytes * record.postings.size() +
                      record.reference.size() + record.idempotency_key.size() + extension_.size());
  const auto kind = static_cast<std::uint8_t>(record.kind);
  const auto in_tag = std::min(kind, kKindFollows);
  *to++ = static_cast<char>(in_tag | (has_key ? kHasKey : 0) | flag);
  if (in_tag == kKindFollows) {
    format_ = std::max(format_, kFormatOfCommands);
    *to++ = static_cast<char>(kind);
  }
  to = put_varint(to, record.postings.size());
  for (const Posting& posting : record.postings) {
    to = put_varint(put_varint(to, posting.account), zigzag(posting.amount));
  }
  to = put_text(to, record.reference);
  if (has_key) to = put_text(to, record.idempotency_key);
  if (flag != 0) to = put_text(to, extension_);
  buffer_.set_end(to);
}

void BlockWriter::add(const ledger::Account& account, const ledger::Origin* origin,
                      std::string_view extension) {
  start_record();
  std::string fields(extension);
  if (ledger::policy_of(account).has_ceiling()) {
    put_ceiling(account.ceiling, fields);
    format_ = std::max(format_, kFormatOfCommands);
  }
  const auto flag = make_extension(fields, nullptr, origin);
  char* to =
      buffer_.reserve(2 + 6 * kMaxVarintBytes + account.id.size() + account.participant_id.size() +
                      bound_of(account.metadata) + extension_.size());
  *to++ = static_cast<char>(static_cast<std::uint8_t>(RecordKind::account) | flag);
  to = put_varint(to, account.number);
  *to++ = static_cast<char>(account.type);
  to = put_varint(to, zigzag(account.floor));
  to = put_varint(to, zigzag(account.initial_balance));
  to = put_text(put_text(to, account.id), account.participant_id);
  to = put_metadata(to, account.metadata);
  buffer_.set_end(flag != 0 ? put_text(to, extension_) : to);
}

void BlockWriter::add(const ledger::Participant& participant, const ledger::Origin* origin,
                      std::string_view extension) {
  start_record();
  const auto flag = make_extension(extension, nullptr, origin);
  char* to =
      buffer_.reserve(2 + 3 * kMaxVarintBytes + participant.id.size() + participant.name.size() +
                      bound_of(participant.metadata) + extension_.size());
  *to++ = static_cast<char>(static_cast<std::uint8_t>(RecordKind::participant) | flag);
  *to++ = static_cast<char>(participant.role);
  to = put_text(put_text(to, participant.id), participant.name);
  to = put_metadata(to, participant.metadata);
  buffer_.set_end(flag != 0 ? put_text(to, extension_) : to);
}

void BlockWriter::add(const SealRecord& record) {
  start_record();
  const auto flag = make_extension(record.extension, nullptr, record.origin);
  format_ = std::max(format_, kFormatOfCommands);
  char* to = buffer_.reserve(2 + 3 * kMaxVarintBytes + record.key.size() + extension_.size());
  *to++ = static_cast<char>(kKindFollows | flag);
  *to++ = static_cast<char>(RecordKind::seal);
  to = put_text(put_varint(to, record.number), record.key);
  buffer_.set_end(flag != 0 ? put_text(to, extension_) : to);
}

void BlockWriter::mark_unit_end() {
  char* tag = buffer_.data() + begin_ + offsets_.back();
  *tag = static_cast<char>(static_cast<std::uint8_t>(*tag) | kEndsUnit);
}

BlockHash BlockWriter::seal(const BlockStamp& stamp) {
  const std::size_t record_bytes = buffer_.size() - begin_ - kHeaderBytes;
  char* to = buffer_.reserve(offsets_.size() * kOffsetBytes + kChecksumBytes);
  for (const std::uint32_t offset : offsets_) to = put_fixed(to, offset);

  char* header = buffer_.data() + begin_;
  put_fixed(header + header_at::kMagic, kBlockMagic);
  put_fixed(header + header_at::kVersion, format_);
  newest_format_ = std::max(newest_format_, format_);
  put_fixed(header + header_at::kReserved, std::uint16_t{0});
  put_fixed(header + header_at::kFirst, first_);
  put_fixed(header + header_at::kCount, static_cast<std::uint32_t>(offsets_.size()));
  put_fixed(header + header_at::kRecordBytes, static_cast<std::uint32_t>(record_bytes));
  put_fixed(header + header_at::kTime, stamp.time);
  put_fixed(header + header_at::kRunMs, stamp.run_ms);
  put_fixed(header + header_at::kAccounts, stamp.accounts_before);
  put_fixed(header + header_at::kReserved2, std::uint32_t{0});
  put_fixed(header + header_at::kTransactions, stamp.totals.transactions);
  put_fixed(header + header_at::kPostings, stamp.totals.postings);
  put_fixed(header + header_at::kPreviousHash, stamp.previous);

  const auto covered = static_cast<std::size_t>(to - header);
  to = put_fixed(to, crc32c({header, covered}));
  buffer_.set_end(to);
  blocks_.push_back({first_, begin_, covered + kChecksumBytes});
  offsets_.clear();
  open_ = false;
  return sha256(bytes_of(blocks_.back()));
}

}  // namespace sg::persistence
