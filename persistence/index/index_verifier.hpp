// Compares the histories, the key index and the links with the chain.
//
// An index consists of parts, each for a span of sequences. The walk over the chain adds up hashes
// of the mentions that each part should have; a sum does not depend on their order. Afterwards the
// parts are read and added up in the same way. Equal sums mean equal contents, but for chance. So
// the memory does not grow with the store, and the work can be done in slices.
//
//   verifier.start(index, head.sequence);
//   verifier.add(Index::history, {account, sequence});    // for each mention in the chain
//   while (verifier.read(rows, 4096, problems)) {
//   }
//
// Not thread-safe. Call start(), then add() for the records in order, then read() until it returns
// false. Between the calls the index may change: a part that was merged or given up stays readable.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "persistence/index/record_index.hpp"

namespace sg::persistence {

// A fingerprint of a set of mentions, whatever their order: their number and two sums of hashes. It
// finds damage by accident; it is not meant to resist an attacker.
struct MentionSum {
  std::uint64_t count = 0;
  std::uint64_t low = 0;  // both sums wrap
  std::uint64_t high = 0;

  void add(const Mention& mention);
  void add(const MentionSum& other);
  bool operator==(const MentionSum&) const = default;
};

class IndexVerifier {
 public:
  // Notes which parts the index has now. Records after `until` are not compared.
  void start(const RecordIndex& index, Sequence until);
  // To be called when the store was opened anew, because parts that were merged before are gone.
  // Reading begins again with the parts that the index has now. Records that are younger than those
  // at the start are still not compared.
  void restart(const RecordIndex& index);
  // Adds a mention that the chain's records make. Sequences must not fall.
  void add(Index index, const Mention& mention);
  // The same for a link of that text (mentions.hpp).
  void add_link(std::string_view text, Sequence sequence) {
    add(Index::links, {link_hash_(text), sequence});
  }
  // The records from `first` to `last` could not be read. Parts that should hold one of them cannot
  // be compared.
  void skip(Sequence first, Sequence last);

  // Reads about `mentions` more from the index; false at the end. Appends to `problems` what is
  // wrong.
  bool read(const KeyValue& rows, std::size_t mentions, std::vector<std::string>& problems);

  // Progress: mentions that were read, and how many there are.
  std::uint64_t entries() const { return read_; }
  std::uint64_t entries_total() const { return total_; }

 private:
  // A span of sequences, both ends inclusive, and the sum of what its records mention.
  struct Span {
    Sequence first = 0;
    Sequence last = 0;
    MentionSum sum;
    bool is_part = false;  // false: a gap, which no part of the index covers
    bool is_known = true;  // false: a record was lost, so the sum is too small
  };
  // What is known of one index.
  struct Side {
    std::vector<RecordIndex::Part> parts;  // oldest first
    std::vector<Span> spans;               // without holes, from 1 to the last part's end
    std::size_t filling = 0;               // index of the span of the last add()
    bool gaps_told = false;                // problems of gaps were reported
  };

  void take_parts(const RecordIndex& index);
  // Makes a span of each part, and of each gap between parts.
  void lay_out(Side& side);
  // Reports records that mention terms but are in no part.
  void check_gaps(Index index, std::vector<std::string>& problems);
  // Compares the sum of the part that was just read.
  void compare(Index index, const RecordIndex::Part& part,
               std::vector<std::string>& problems) const;
  // Reads the next page of the part; false if it has no more.
  bool read_page(const KeyValue& rows, Index index, const RecordIndex::Part& part,
                 std::vector<std::string>& problems);
  // Checks that a look-up would find each mention of the page.
  void check_lookups(Index index, const Run& run, std::vector<std::string>& problems);

  std::array<Side, kAllIndexes.size()> sides_;
  Sequence until_ = 0;     // later records are not compared
  Sequence given_up_ = 0;  // keys of records up to it have expired and may be missing
  SequenceSpan link_gap_;  // links of these records were not read yet
  KeyedHash link_hash_{0};
  std::uint64_t read_ = 0;  // mentions
  std::uint64_t total_ = 0;
  // Where read() goes on.
  std::size_t index_ = 0;
  std::size_t part_ = 0;
  std::uint32_t page_ = 0;
  MentionSum sum_;                 // of the part that is being read
  bool is_readable_ = true;        // no page of that part was damaged
  std::vector<Mention> mentions_;  // of the page that was read last
};

}  // namespace sg::persistence
