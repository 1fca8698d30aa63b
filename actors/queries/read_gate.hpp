// When queries may be answered on a node of a cluster, by what their callers ask for (Freshness).
//
//   if (gate.admit(query, now)) answer(query);
//   if (auto number = gate.begin(now)) ask_for_round(*number);
//   for (auto& query : gate.round_ended(number)) answer(query);
//
// A round of ReadIndex that began after a query came shows all that was told to anybody before.
// One round is under way at a time; what comes meanwhile waits for the next, which serves all.
//
// Not thread-safe: the queries actor owns it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "actors/query.hpp"
#include "ledger/submission.hpp"

namespace sg::actors {

class ReadGate {
 public:
  // True: the query may be answered with what is here. Otherwise it waits for a round, unless the
  // caller takes a query that asks for a sequence elsewhere.
  bool admit(const QueryPtr& query, ledger::SteadyTime now);
  // The number of a round to ask for now, if somebody waits and none is under way.
  std::optional<std::uint64_t> begin(ledger::SteadyTime now);
  // The queries that the round of this number admits. None if it is not the one under way.
  std::vector<QueryPtr> round_ended(std::uint64_t number);
  // Journal or replica have ended: nobody will answer the round that is under way.
  void round_lost();
  // Answers those whose callers have gone.
  void drop_cancelled();
  bool anyone_waits() const { return !waiting_.empty() || !in_round_.empty(); }

 private:
  std::vector<QueryPtr> waiting_;   // for the next round
  std::vector<QueryPtr> in_round_;  // for the one under way
  bool is_under_way_ = false;
  std::uint64_t number_ = 0;
  ledger::SteadyTime began_{};
  // What is here is at least as new as what was committed then.
  std::optional<ledger::SteadyTime> fresh_at_;
};

}  // namespace sg::actors
