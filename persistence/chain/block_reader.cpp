#include "persistence/chain/block_reader.hpp"

#include "persistence/chain/extension.hpp"
#include "persistence/encoding/crc32c.hpp"
#include "persistence/encoding/metadata.hpp"
#include "persistence/encoding/sha256.hpp"

namespace sg::persistence {
namespace {

template <class T>
T field(std::string_view block, std::size_t at) {
  return get_fixed<T>(block.data() + at);
}

bool read_transaction(ByteReader& in, bool has_key, DecodedRecord& into) {
  const std::uint64_t count = in.varint();
  if (count > in.left()) return false;  // a posting has two bytes at least
  into.postings.resize(count);
  for (Posting& posting : into.postings) {
    const std::uint64_t account = in.varint();
    if (account >= ledger::kNoAccount) return false;
    posting.account = static_cast<AccountNumber>(account);
    posting.amount = in.signed_varint();
  }
  into.reference = in.text();
  into.key = {};
  if (has_key) {
    into.key = in.text();
    if (into.key.empty()) return false;
  }
  return true;
}

bool read_account(ByteReader& in, ledger::Account& into) {
  const std::uint64_t number = in.varint();
  const auto type = in.fixed<std::uint8_t>();
  if (number >= ledger::kNoAccount || type > ledger::kLastAccountType) return false;
  into.number = static_cast<AccountNumber>(number);
  into.type = static_cast<ledger::AccountType>(type);
  into.floor = in.signed_varint();
  into.initial_balance = in.signed_varint();
  into.id = in.text();
  into.participant_id = in.text();
  read_metadata(in, into.metadata);
  return true;
}

bool read_seal(ByteReader& in, DecodedRecord& into) {
  into.seal_number = in.varint();
  into.key = in.text();
  return into.seal_number != 0 && !into.key.empty();
}

bool read_participant(ByteReader& in, ledger::Participant& into) {
  const auto role = in.fixed<std::uint8_t>();
  if (role > ledger::kLastRole) return false;
  into.role = static_cast<ledger::ParticipantRole>(role);
  into.id = in.text();
  into.name = in.text();
  read_metadata(in, into.metadata);
  return true;
}

}  // namespace

tl::expected<BlockView, std::string> BlockView::parse(std::string_view bytes) {
  constexpr std::size_t kSmallest = kHeaderBytes + 1 + kOffsetBytes + kChecksumBytes;
  if (bytes.size() < kSmallest) {
    return tl::unexpected("it has only " + std::to_string(bytes.size()) + " bytes");
  }
  const std::size_t covered = bytes.size() - kChecksumBytes;
  if (field<std::uint32_t>(bytes, covered) != crc32c(bytes.substr(0, covered))) {
    return tl::unexpected(std::string("its checksum does not match its bytes"));
  }
  if (field<std::uint32_t>(bytes, header_at::kMagic) != kBlockMagic) {
    return tl::unexpected(std::string("it does not begin as a block"));
  }
  const auto version = field<std::uint16_t>(bytes, header_at::kVersion);
  if (version < kOldestFormat || version > kNewestFormat || version == kFormatOfMembers) {
    return tl::unexpected("it has format version " + std::to_string(version));
  }
  BlockView view;
  view.bytes_ = bytes;
  view.format_ = version;
  view.first_ = field<Sequence>(bytes, header_at::kFirst);
  view.count_ = field<std::uint32_t>(bytes, header_at::kCount);
  const std::uint64_t offsets_at =
      kHeaderBytes + std::uint64_t{field<std::uint32_t>(bytes, header_at::kRecordBytes)};
  if (view.count_ == 0 || offsets_at + view.count_ * kOffsetBytes != covered) {
    return tl::unexpected(std::string("its parts do not add up to its size"));
  }
  if (view.first_ == 0 || view.last() < view.first_) {
    return tl::unexpected(std::string("its records have no sequences"));
  }
  if (field<std::uint16_t>(bytes, header_at::kReserved) != 0 ||
      field<std::uint32_t>(bytes, header_at::kReserved2) != 0 ||
      field<std::uint32_t>(bytes, offsets_at) != kHeaderBytes) {
    return tl::unexpected(std::string("it holds bytes that belong to nothing"));
  }
  view.offsets_at_ = static_cast<std::uint32_t>(offsets_at);
  BlockStamp& stamp = view.stamp_;
  stamp.time = field<TimeMs>(bytes, header_at::kTime);
  stamp.run_ms = field<std::int64_t>(bytes, header_at::kRunMs);
  stamp.accounts_before = field<AccountNumber>(bytes, header_at::kAccounts);
  stamp.totals.transactions = field<std::uint64_t>(bytes, header_at::kTransactions);
  stamp.totals.postings = field<WideAmount>(bytes, header_at::kPostings);
  stamp.previous = field<BlockHash>(bytes, header_at::kPreviousHash);
  return view;
}

BlockHash BlockView::hash() const { return sha256(bytes_); }

std::string_view BlockView::record_bytes(std::uint32_t index) const {
  const std::size_t at = offsets_at_ + index * kOffsetBytes;
  const auto begin = field<std::uint32_t>(bytes_, at);
  const auto end =
      index + 1 == count_ ? offsets_at_ : field<std::uint32_t>(bytes_, at + kOffsetBytes);
  if (begin < kHeaderBytes || begin >= end || end > offsets_at_) return {};
  return bytes_.substr(begin, end - begin);
}

RecordKind BlockView::kind_at(std::uint32_t index) const {
  const auto bytes = record_bytes(index);
  if (bytes.empty()) return RecordKind{};
  ByteReader in(bytes);
  const auto tag = in.fixed<std::uint8_t>();
  return read_kind(tag, in);
}

bool BlockView::moves_money_at(std::uint32_t index) const {
  const auto bytes = record_bytes(index);
  if (bytes.empty()) return false;
  ByteReader in(bytes);
  const auto tag = in.fixed<std::uint8_t>();
  const auto kind = read_kind(tag, in);
  return is_transaction(kind) && (kind != RecordKind::policy || in.varint() > 0);
}

RecordKind BlockView::read_kind(std::uint8_t tag, ByteReader& in) const {
  auto kind = static_cast<std::uint8_t>(tag & kKindMask);
  if (kind == kKindFollows && format_ >= kFormatOfExtensions) {
    kind = in.fixed<std::uint8_t>();
    // A kind that fits into the tag stands there: a record has one encoding.
    if (kind <= kKindFollows) kind = 0;
  }
  return static_cast<RecordKind>(kind);
}

bool BlockView::starts_unit_at(std::uint32_t index) const {
  if (index == 0) return true;
  const auto before = record_bytes(index - 1);
  return !before.empty() && (static_cast<std::uint8_t>(before[0]) & kEndsUnit) != 0;
}

bool BlockView::read_record(std::uint32_t index, DecodedRecord& into) const {
  const auto bytes = record_bytes(index);
  if (bytes.empty()) return false;
  ByteReader in(bytes);
  const auto tag = in.fixed<std::uint8_t>();
  const bool may_have_extension = format_ >= kFormatOfExtensions;
  if ((tag & ~(kKnownBits | (may_have_extension ? kHasExtension : 0))) != 0) return false;
  into.sequence = first_ + index;
  into.kind = read_kind(tag, in);
  into.ends_unit = (tag & kEndsUnit) != 0;
  into.extension = {};
  if (!read_fields(in, (tag & kHasKey) != 0, into)) return false;
  if ((tag & kHasExtension) != 0) {
    into.extension = in.text();
    if (into.extension.empty()) return false;
  }
  if (into.kind == RecordKind::account) {
    const auto ceiling = read_ceiling(into.extension);
    if (!ceiling) return false;
    into.account.ceiling = *ceiling;
  }
  return in.at_end();
}

bool BlockView::read_fields(ByteReader& in, bool has_key, DecodedRecord& into) const {
  if (needs_commands(into.kind) && format_ < kFormatOfCommands) return false;
  if (is_transaction(into.kind)) return read_transaction(in, has_key, into);
  if (into.kind == RecordKind::account && !has_key) {
    into.account.sequence = into.sequence;
    into.account.created_at = stamp_.time;
    return read_account(in, into.account);
  }
  if (into.kind == RecordKind::participant && !has_key) {
    into.participant.sequence = into.sequence;
    into.participant.created_at = stamp_.time;
    return read_participant(in, into.participant);
  }
  if (into.kind == RecordKind::seal && !has_key) return read_seal(in, into);
  return false;
}

std::string name_of_block(Sequence first, std::uint32_t count) {
  return "block " + std::to_string(first) + " (sequences " + std::to_string(first) + ".." +
         std::to_string(first + count - 1) + ")";
}

}  // namespace sg::persistence
