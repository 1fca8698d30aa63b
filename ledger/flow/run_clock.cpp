#include "ledger/flow/run_clock.hpp"

#include <algorithm>

#include "faults/fault_injection.hpp"

namespace sg::ledger {

void RunClock::tick(SteadyTime now) {
  auto step = std::max(now - last_, SteadyTime::duration::zero());
  if (!faults::has(faults::Defect::age_by_pause)) {
    step = std::min<SteadyTime::duration>(step, kLongestStep);
  }
  counted_ += step;
  last_ = now;
}

}  // namespace sg::ledger
