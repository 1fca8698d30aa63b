// Holds the rows of participants and accounts against the records that create them: each record has
// its rows, and no row is without a record.
//
// Not thread-safe. check() for each creation in the chain, then read() until it returns false.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "persistence/chain/block_reader.hpp"
#include "persistence/medium/key_value.hpp"

namespace sg::persistence {

class CatalogVerifier {
 public:
  // The rows of a record that creates an account or a participant. Problems are appended.
  void check(const KeyValue& rows, const DecodedRecord& record, std::vector<std::string>& problems);
  // A record was lost: rows cannot be counted against the chain.
  void lose_record() { is_complete_ = false; }
  // Counts about so many rows more; false at the end. Rows of records after `until` do not count.
  bool read(const KeyValue& rows, Sequence until, std::size_t count,
            std::vector<std::string>& problems);

 private:
  static constexpr std::array kFamiliesRead{Family::participants, Family::accounts,
                                            Family::account_ids, Family::participant_accounts};

  void end_family(std::vector<std::string>& problems);

  std::array<std::uint64_t, kFamiliesRead.size()> wanted_{};  // by the chain's records
  bool is_complete_ = true;
  // Where read() is.
  std::size_t family_ = 0;
  std::string after_;  // the last key that was read
  std::uint64_t found_ = 0;
};

}  // namespace sg::persistence
