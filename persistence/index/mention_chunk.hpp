// The youngest mentions of an index, in memory: a tail as they came, and before it pieces that were
// put in order once they were full. A copy shares the pieces, so it costs little. Adding costs
// little and goes through memory in order, however many terms there are; a look-up reads the tail
// and searches the pieces.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "persistence/chain/mention.hpp"

namespace sg::persistence {

class MentionChunk {
 public:
  static constexpr std::size_t kPieceMentions = 8192;

  // Sequences never fall. At most room() of them.
  void add(std::span<const Mention> mentions);
  std::size_t room() const { return kPieceMentions - tail_.size(); }
  // A full tail has to be made a piece before the next add(). In two steps, since only the second
  // changes what look-ups read.
  std::vector<Mention> tail_in_order() const;
  void end_piece(std::vector<Mention> tail_in_order);

  // A term twice in one record counts twice here, and is told once below.
  std::size_t size() const { return pieces_.size() * kPieceMentions + tail_.size(); }
  // Appends the term's sequences in the range until `into` has `range.limit`.
  void collect(Term term, const MentionRange& range, std::vector<Sequence>& into) const;
  // All of them, in the order of an index.
  std::vector<Mention> sorted() const;

 private:
  // Oldest first, each in the order of an index. Copies of a chunk share them.
  std::vector<std::shared_ptr<const std::vector<Mention>>> pieces_;
  std::vector<Mention> tail_;
};

}  // namespace sg::persistence
