// Compares the rows of participants and accounts with the records that create them. Each record
// must have its rows, and there must be no other rows.
//
// The first is checked record by record, as the verifier walks the chain. For the second the rows
// are counted at the end. If each record has its rows and their number is right, there is no other.
//
// Not thread-safe. Call check() for each creation in the chain, then read() until it returns false.
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
  // Compares the rows of one record, which must create an account or a participant. Appends to
  // `problems` what is wrong.
  void check(const KeyValue& rows, const DecodedRecord& record, std::vector<std::string>& problems);
  // Compares the row of a policy that a record has made.
  void check(const KeyValue& rows, const PolicyRow& policy, std::vector<std::string>& problems);
  // A record could not be read, so the number of rows cannot be compared any more.
  void lose_record() { is_complete_ = false; }
  // Counts at most `count` more rows; false at the end. Rows of records after `until` are not
  // counted. Appends to `problems`.
  bool read(const KeyValue& rows, Sequence until, std::size_t count,
            std::vector<std::string>& problems);

 private:
  static constexpr std::array kFamiliesRead{Family::participants, Family::accounts,
                                            Family::account_ids, Family::participant_accounts};

  void end_family(std::vector<std::string>& problems);

  // How many rows the chain's records make, by the place of the family in kFamiliesRead.
  std::array<std::uint64_t, kFamiliesRead.size()> wanted_{};
  bool is_complete_ = true;  // no record was lost
  // Where read() goes on.
  std::size_t family_ = 0;   // index into kFamiliesRead
  std::string after_;        // the last key that was read
  std::uint64_t found_ = 0;  // rows of this family so far
};

}  // namespace sg::persistence
