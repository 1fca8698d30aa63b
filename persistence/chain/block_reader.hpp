// Reads blocks back: BlockView checks a block's bytes and gives its header; read_record decodes one
// record of it. Grammar in block_writer.cpp.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "persistence/chain/block_writer.hpp"
#include "persistence/chain/format.hpp"
#include "persistence/chain/record.hpp"
#include "persistence/encoding/bytes.hpp"

namespace sg::persistence {

// Texts and key are views into the block's bytes.
struct DecodedRecord {
  Sequence sequence = 0;
  RecordKind kind = RecordKind::transfer;
  bool ends_unit = false;
  // Of a transaction.
  std::vector<Posting> postings;
  std::string_view reference;
  std::string_view key;
  std::string_view extension;  // empty: none
  // Of a seal, beside its key.
  std::uint64_t seal_number = 0;
  // Of a creation, with sequence and time.
  ledger::Account account;
  ledger::Participant participant;
};

class BlockView {
 public:
  BlockView() = default;
  // Checks size, magic, version and checksum; the error says what is wrong. `bytes` must outlive
  // the view.
  static tl::expected<BlockView, std::string> parse(std::string_view bytes);

  Sequence first() const { return first_; }
  Sequence last() const { return first_ + count_ - 1; }
  std::uint32_t count() const { return count_; }
  bool holds(Sequence sequence) const { return sequence >= first_ && sequence <= last(); }
  std::uint16_t format() const { return format_; }
  const BlockStamp& stamp() const { return stamp_; }
  std::string_view bytes() const { return bytes_; }
  BlockHash hash() const;

  // `index` < count(). False when its bytes are not a record; `into` keeps its capacity.
  [[nodiscard]] bool read_record(std::uint32_t index, DecodedRecord& into) const;
  // Its kind alone, without decoding it; 0 if the bytes are not a record's.
  RecordKind kind_at(std::uint32_t index) const;
  bool is_transaction_at(std::uint32_t index) const { return is_transaction(kind_at(index)); }
  // Whether it is a transaction with postings: a policy may have none.
  bool moves_money_at(std::uint32_t index) const;
  // Whether the record is the first of its unit: blocks begin and end with whole units.
  bool starts_unit_at(std::uint32_t index) const;

 private:
  std::string_view record_bytes(std::uint32_t index) const;
  // Of a record whose tag is `tag`; `in` stands behind the tag.
  RecordKind read_kind(std::uint8_t tag, ByteReader& in) const;
  bool read_fields(ByteReader& in, bool has_key, DecodedRecord& into) const;

  std::string_view bytes_;
  Sequence first_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t offsets_at_ = 0;
  std::uint16_t format_ = kOldestFormat;
  BlockStamp stamp_;
};

// "block 123 (sequences 123..180)"
std::string name_of_block(Sequence first, std::uint32_t count);

}  // namespace sg::persistence
