#include "actors/shared_processor.hpp"

namespace sg::actors {
namespace {

constexpr int kProcessors = 2;

// Where it is not allowed, the thread stays free.
void bind_to(const cpu_set_t& set) { (void)sched_setaffinity(0, sizeof set, &set); }

void bind_to(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(processor), &set);
  bind_to(set);
}

}  // namespace

SharedProcessor::SharedProcessor() {
  if (sched_getaffinity(0, sizeof all_, &all_) != 0) CPU_ZERO(&all_);
}

void SharedProcessor::stay() {
  if (where() != kNowhere || CPU_COUNT(&all_) != kProcessors) return;
  const int here = sched_getcpu();
  if (here < 0) return;
  bind_to(here);
  where_.store(here, std::memory_order_relaxed);
}

void SharedProcessor::leave() {
  if (where_.exchange(kNowhere, std::memory_order_relaxed) != kNowhere) bind_to(all_);
}

void SharedProcessor::follow() const {
  thread_local int bound = kNowhere;
  const int there = where();
  if (there == bound) return;
  if (there == kNowhere) {
    bind_to(all_);
  } else {
    bind_to(there);
  }
  bound = there;
}

}  // namespace sg::actors
