// Encodes records into one block after the other, in one buffer, without allocating per record.
#pragma once

#include <cstdint>
#include <vector>

#include "persistence/chain/extension.hpp"
#include "persistence/chain/format.hpp"
#include "persistence/chain/record.hpp"
#include "persistence/encoding/bytes.hpp"

namespace sg::persistence {

// The parts of a block's header that its records do not give.
struct BlockStamp {
  TimeMs time = 0;
  std::int64_t run_ms = 0;
  AccountNumber accounts_before = 0;
  ChainTotals totals;  // after the block
  BlockHash previous{};
};

struct BlockSlice {
  Sequence first = 0;
  std::size_t begin = 0;  // in the writer's buffer
  std::size_t bytes = 0;
};

class BlockWriter {
 public:
  void clear();

  // The block being written begins with its first record.
  void begin(Sequence first);
  bool is_open() const { return open_; }
  void add(const TransferRecord& record);
  // `origin`: who asked for it; null: not kept. `extension`: further fields, encoded.
  void add(const ledger::Account& account, const ledger::Origin* origin = nullptr,
           std::string_view extension = {});
  void add(const ledger::Participant& participant, const ledger::Origin* origin = nullptr,
           std::string_view extension = {});
  void add(const SealRecord& record);
  void mark_unit_end();
  // Of all blocks since clear(), the open one with them.
  std::size_t bytes() const { return buffer_.size(); }
  bool is_full() const { return open_ && buffer_.size() - begin_ >= kBlockTargetBytes; }
  // Completes the block and returns its hash.
  BlockHash seal(const BlockStamp& stamp);

  const std::vector<BlockSlice>& blocks() const { return blocks_; }
  // The highest version of any completed block.
  std::uint16_t newest_format() const { return newest_format_; }
  std::string_view bytes_of(const BlockSlice& block) const {
    return buffer_.slice(block.begin, block.bytes);
  }
  const ByteBuffer& buffer() const { return buffer_; }

 private:
  void start_record() { offsets_.push_back(static_cast<std::uint32_t>(buffer_.size() - begin_)); }

  // Makes extension_ of these fields. Returns the flag for the record's tag.
  std::uint8_t make_extension(std::string_view fields, const ledger::Details* details,
                              const ledger::Origin* origin,
                              const ledger::Remainder* remainder = nullptr,
                              const ledger::PolicyResult* policy = nullptr);

  ByteBuffer buffer_;
  OriginWriter origins_;                // of the open block
  std::string extension_;               // of the record at hand
  std::vector<std::uint32_t> offsets_;  // of the open block's records, from its begin
  std::vector<BlockSlice> blocks_;
  std::size_t begin_ = 0;
  Sequence first_ = 0;
  bool open_ = false;
  std::uint16_t format_ = kOldestFormat;  // that the open block needs
  std::uint16_t newest_format_ = kOldestFormat;
};

}  // namespace sg::persistence
