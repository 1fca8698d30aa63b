// On two processors, the gateway, the coordinator and the journal on one of them.
#pragma once

#include <sched.h>

#include <atomic>

namespace sg::actors {

// While calls are in flight, the gateway's thread polls, and yields to whoever else is on its
// processor. Coordinator and journal work little, wait for one another, and the journal for the
// disk, twice a group: there they are woken without another processor. Left to itself the scheduler
// puts them on the processor of a client that runs for a while, and a whole group waits for that.
// With more than two processors there is one to spare, and all stay free. docs/adr/0008.
class SharedProcessor {
 public:
  static constexpr int kNowhere = -1;

  // Of those that the calling thread may run on.
  SharedProcessor();

  // The calling thread stays on the processor that it runs on, until it leaves. One thread at a
  // time.
  void stay();
  void leave();
  // The calling thread goes to where the other one stays; once that has left, it is free as well.
  void follow() const;
  // Where a thread stays; kNowhere: none does.
  int where() const { return where_.load(std::memory_order_relaxed); }

 private:
  cpu_set_t all_;
  std::atomic<int> where_{kNowhere};
};

}  // namespace sg::actors
