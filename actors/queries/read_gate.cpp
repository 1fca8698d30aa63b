#include "actors/queries/read_gate.hpp"

#include <iterator>
#include <utility>

#include "faults/fault_injection.hpp"

namespace sg::actors {

bool ReadGate::admit(const QueryPtr& query, ledger::SteadyTime now) {
  if (faults::has(faults::Defect::read_without_round)) return true;
  const auto* stale = std::get_if<StaleRead>(&query->freshness);
  if (stale != nullptr && fresh_at_ && now - *fresh_at_ <= stale->bound) return true;
  waiting_.push_back(query);
  return false;
}

std::optional<std::uint64_t> ReadGate::begin(ledger::SteadyTime now) {
  if (is_under_way_ || waiting_.empty()) return std::nullopt;
  in_round_.swap(waiting_);
  is_under_way_ = true;
  began_ = now;
  return ++number_;
}

std::vector<QueryPtr> ReadGate::round_ended(std::uint64_t number) {
  if (!is_under_way_ || number != number_) return {};
  is_under_way_ = false;
  fresh_at_ = began_;
  return std::exchange(in_round_, {});
}

// A store that was opened anew may show less than before.
void ReadGate::round_lost() {
  is_under_way_ = false;
  fresh_at_.reset();
  waiting_.insert(waiting_.end(), std::move_iterator(in_round_.begin()),
                  std::move_iterator(in_round_.end()));
  in_round_.clear();
}

void ReadGate::drop_cancelled() {
  for (auto* queries : {&waiting_, &in_round_}) {
    std::erase_if(*queries, [](const QueryPtr& query) { return query->drop_if_cancelled(); });
  }
}

}  // namespace sg::actors
