#include "tests/support/late_store.hpp"

#include <utility>

#include "persistence/medium/key_value.hpp"

namespace sg::test {

using persistence::Group;
using persistence::StoreFault;
using persistence::StoreResult;

Group LateStore::begin_group(ledger::TimeMs now, std::int64_t run_ms) {
  if (waiting_.empty()) return below().begin_group(now, run_ms);
  return Group(waiting_.back().group->head, now, run_ms);
}

std::optional<StoreResult<void>> LateStore::append(Group group, Appended later) {
  waiting_.push_back({std::move(group).finish(), std::move(later)});
  return std::nullopt;
}

void LateStore::complete_one() {
  auto [group, later] = std::move(waiting_.front());
  waiting_.pop_front();
  try {
    later(below().append_now(Group(std::move(group))));
  } catch (...) {
    later(persistence::store_error(StoreFault::io, "the writer of the log failed"));
    throw;
  }
}

void LateStore::end_under_way() {
  for (auto& [group, later] : std::exchange(waiting_, {})) {
    later(persistence::store_error(StoreFault::io, "its journal has ended"));
  }
}

StoreResult<void> LateStore::reopen() {
  end_under_way();
  return below().reopen();
}

}  // namespace sg::test
