#include "actors/worker_threads.hpp"

#include <pthread.h>
#include <sched.h>

#include <caf/thread_hook.hpp>
#include <string_view>

namespace sg::actors {
namespace {

// CAF 0.17 names a thread before it tells of it.
constexpr std::string_view kWorker = "caf.multiplexer";

class BatchWorkers final : public caf::thread_hook {
 public:
  void init(caf::actor_system&) override {}
  void thread_started() override {
    char name[16] = {};
    if (pthread_getname_np(pthread_self(), name, sizeof name) != 0) return;
    // A detached actor's thread has inherited the policy of the worker that started it.
    const int policy = name == kWorker ? SCHED_BATCH : SCHED_OTHER;
    const sched_param none{};
    // Where it is not allowed, the thread stays as it is.
    (void)pthread_setschedparam(pthread_self(), policy, &none);
  }
  void thread_terminates() override {}
};

}  // namespace

void use_batch_workers(caf::actor_system_config& config) { config.add_thread_hook<BatchWorkers>(); }

}  // namespace sg::actors
