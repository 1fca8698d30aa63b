// On two processors, the gateway and the journal on one of them.
#pragma once

#include <sched.h>

#include <atomic>

namespace sg::actors {

// While many calls are in flight, the gateway's thread polls, and yields to whoever else is on its
// processor; the journal's works little and waits for the disk, twice a group. Left to itself the
// scheduler puts it, and the gateway, on the processor of a client that runs for a while, and a
// whole group waits for that. With more than two processors there is one to spare, and all stay
// free. docs/adr/0008.
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
  // `bound` is what the last call returned, kNowhere at first.
  int follow(int bound) const;

 private:
  cpu_set_t all_;
  std::atomic<int> where_{kNowhere};
};

}  // namespace sg::actors
