// Holds the histories and the key index against the chain.
//
// The walk over the chain adds up what each part of an index has to hold: a sum of hashes, which
// does not depend on the order. The parts are read afterwards and added up in the same way. So the
// memory that it takes does not grow with the store, and it can be done in slices.
//
// Not thread-safe. start(), then add() for the records in order, then read() until it returns
// false. Between the calls the index may go on: a part that was merged or given up stays readable.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "persistence/index/record_index.hpp"

namespace sg::persistence {

// How many mentions there are, and which, whatever their order.
struct MentionSum {
  std::uint64_t count = 0;
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  void add(const Mention& mention);
  void add(const MentionSum& other);
  bool operator==(const MentionSum&) const = default;
};

class IndexVerifier {
 public:
  // What the index holds now. `until`: records after it are not compared.
  void start(const RecordIndex& index, Sequence until);
  // The store was opened anew: parts that were merged before are gone. Reading begins again, with
  // what the index holds now; what is younger than at the start is not compared.
  void restart(const RecordIndex& index);
  // A record of the chain that mentions the term.
  void add(Index index, const Mention& mention);
  // Records are lost to the sums: the parts that should hold one of these cannot be compared.
  void skip(Sequence first, Sequence last);

  // Reads about so many mentions more; false at the end. Problems are appended.
  bool read(const KeyValue& rows, std::size_t mentions, std::vector<std::string>& problems);

  std::uint64_t entries() const { return read_; }
  std::uint64_t entries_total() const { return total_; }

 private:
  // Consecutive sequences, and what the chain says of them.
  struct Span {
    Sequence first = 0;
    Sequence last = 0;
    MentionSum sum;
    bool is_part = false;  // else no part of the index covers it
    bool is_known = true;
  };
  // Of one index.
  struct Side {
    std::vector<RecordIndex::Part> parts;  // oldest first
    std::vector<Span> spans;               // all sequences up to the last part's end
    std::size_t filling = 0;               // the span of the last add()
    bool gaps_told = false;
  };

  void take_parts(const RecordIndex& index);
  void lay_out(Side& side);
  void check_gaps(Index index, std::vector<std::string>& problems);
  void compare(Index index, const RecordIndex::Part& part,
               std::vector<std::string>& problems) const;
  bool read_page(const KeyValue& rows, Index index, const RecordIndex::Part& part,
                 std::vector<std::string>& problems);
  void check_lookups(Index index, const Run& run, std::vector<std::string>& problems);

  std::array<Side, kAllIndexes.size()> sides_;
  Sequence until_ = 0;
  Sequence given_up_ = 0;  // keys of records up to it may be gone
  std::uint64_t read_ = 0;
  std::uint64_t total_ = 0;
  // Where read() is.
  std::size_t index_ = 0;
  std::size_t part_ = 0;
  std::uint32_t page_ = 0;
  MentionSum sum_;           // of the part that is being read
  bool is_readable_ = true;  // nothing of it failed
  std::vector<Mention> mentions_;
};

}  // namespace sg::persistence
