// Rounds of ReadIndex on behalf of many: who asks while a round is under way waits for the next
// one, which serves all of them. The engine drops requests without a word, so a round that does not
// end is asked for again.
//
//   rounds.ask(asked);
//   if (auto context = rounds.begin()) replica.read_index(*context);
//   rounds.readable(read);                       // from the replica
//   for (auto& asked : rounds.ended(applied)) tell(asked);
//
// Not thread-safe: the replica's actor owns it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/member/messages.hpp"
#include "replication/raft_types.hpp"

namespace sg::actors {

class Rounds {
 public:
  // `start` tells this start of this node from all others: an answer to a predecessor may still be
  // on its way.
  Rounds(std::uint64_t node, std::uint64_t start) : node_(node), start_(start) {}

  void ask(AwaitRound asked) { gathered_.push_back(std::move(asked)); }

  // The context to ask the replica for, if somebody waits and no round is under way.
  std::optional<std::string> begin() {
    if (under_way_ || gathered_.empty()) return std::nullopt;
    under_way_ = Round{next_context(), std::exchange(gathered_, {}), std::nullopt, 0};
    return under_way_->context;
  }
  // A tick has passed. The context to ask for once more, if the round takes longer than
  // `patience` ticks. Whoever came meanwhile joins it.
  std::optional<std::string> tick(std::uint64_t patience) {
    if (!under_way_ || under_way_->index || ++under_way_->ticks < patience) return std::nullopt;
    auto asked = std::move(under_way_->asked);
    asked.insert(asked.end(), std::move_iterator(gathered_.begin()),
                 std::move_iterator(gathered_.end()));
    gathered_.clear();
    under_way_ = Round{next_context(), std::move(asked), std::nullopt, 0};
    return under_way_->context;
  }
  void readable(const replication::ReadState& read) {
    if (under_way_ && under_way_->context == read.context) under_way_->index = read.index;
  }
  // Those whose round has ended and whose state is here, once entries up to `applied` have taken
  // effect.
  std::vector<AwaitRound> ended(replication::Index applied) {
    if (!under_way_ || !under_way_->index || *under_way_->index > applied) return {};
    return std::move(std::exchange(under_way_, std::nullopt)->asked);
  }
  // The replica begins anew and knows nothing of the round: it begins anew as well.
  void restart() {
    if (!under_way_) return;
    under_way_->asked.insert(under_way_->asked.end(), std::move_iterator(gathered_.begin()),
                             std::move_iterator(gathered_.end()));
    gathered_ = std::move(std::exchange(under_way_, std::nullopt)->asked);
  }

 private:
  struct Round {
    std::string context;
    std::vector<AwaitRound> asked;
    std::optional<replication::Index> index;  // known once the round has ended
    std::uint64_t ticks = 0;
  };

  std::string next_context() {
    return std::to_string(node_) + "." + std::to_string(start_) + "." + std::to_string(++counter_);
  }

  std::uint64_t node_;
  std::uint64_t start_;
  std::uint64_t counter_ = 0;
  std::vector<AwaitRound> gathered_;
  std::optional<Round> under_way_;
};

}  // namespace sg::actors
