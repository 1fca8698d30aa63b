// The youngest mentions of an index, in memory. New mentions are appended to a tail, as they come.
// A full tail is put in order and becomes a piece, which never changes again.
//
// Adding is cheap and goes through memory in order, however many terms there are. A look-up reads
// the whole tail and does a binary search in each piece. A copy shares the pieces, so it is cheap.
//
//   if (chunk.room() == 0) chunk.end_piece(chunk.tail_in_order());
//   chunk.add(mentions);                    // at most chunk.room()
//   chunk.collect(term, range, sequences);
//
// Not thread-safe: RecordIndex guards it.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "persistence/chain/mention.hpp"

namespace sg::persistence {

class MentionChunk {
 public:
  static constexpr std::size_t kPieceMentions = 8192;

  // Appends at most room() mentions. Their sequences never fall, from call to call either.
  void add(std::span<const Mention> mentions);
  // How many more mentions fit into the tail.
  std::size_t room() const { return kPieceMentions - tail_.size(); }
  // A full tail must become a piece before the next add(). That takes two steps: the first one is
  // slow and only reads; the second one is fast and changes what look-ups read.
  std::vector<Mention> tail_in_order() const;
  void end_piece(std::vector<Mention> tail_in_order);

  // The number of mentions. A term that one record mentions twice counts twice here, while the
  // functions below return it once.
  std::size_t size() const { return pieces_.size() * kPieceMentions + tail_.size(); }
  // Appends the term's sequences in the range, newest first, until `into` has `range.limit`. The
  // sequences that `into` holds already must be newer.
  void collect(Term term, const MentionRange& range, std::vector<Sequence>& into) const;
  // All mentions without duplicates, in the order of an index: see precedes().
  std::vector<Mention> sorted() const;

 private:
  // Oldest first, each in the order of an index. Copies of a chunk share them.
  std::vector<std::shared_ptr<const std::vector<Mention>>> pieces_;
  std::vector<Mention> tail_;
};

}  // namespace sg::persistence
