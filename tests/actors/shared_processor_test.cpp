// Where threads may run while one of them stays on its processor.
#include "actors/shared_processor.hpp"

#include <catch2/catch.hpp>
#include <thread>

using sg::actors::SharedProcessor;

namespace {

cpu_set_t allowed() {
  cpu_set_t set;
  REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
  return set;
}

bool same(const cpu_set_t& a, const cpu_set_t& b) { return CPU_EQUAL(&a, &b) != 0; }

// The first `count` of the processors that this process has, or fewer if it has fewer.
cpu_set_t first(int count) {
  const auto all = allowed();
  cpu_set_t set;
  CPU_ZERO(&set);
  for (unsigned i = 0; i < CPU_SETSIZE && CPU_COUNT(&set) < count; ++i) {
    if (CPU_ISSET(i, &all)) CPU_SET(i, &set);
  }
  return set;
}

// In a thread of its own: who binds itself here leaves the other tests alone.
template <class Body>
void run_on(const cpu_set_t& processors, Body body) {
  std::thread([&] {
    REQUIRE(sched_setaffinity(0, sizeof processors, &processors) == 0);
    body();
  }).join();
}

}  // namespace

TEST_CASE("On two processors one thread stays on its own, and another follows it there") {
  const auto two = first(2);
  if (CPU_COUNT(&two) < 2) return;
  run_on(two, [&] {
    SharedProcessor processor;
    int bound = SharedProcessor::kNowhere;
    const auto follow = [&] {
      cpu_set_t at;
      std::thread([&] {
        // A new thread begins where its maker is bound.
        if (bound == SharedProcessor::kNowhere) (void)sched_setaffinity(0, sizeof two, &two);
        bound = processor.follow(bound);
        at = allowed();
      }).join();
      return at;
    };
    CHECK(same(follow(), two));
    CHECK(bound == SharedProcessor::kNowhere);
    for (int again = 0; again < 2; ++again) {
      processor.stay();
      const auto here = allowed();
      CHECK(CPU_COUNT(&here) == 1);
      CHECK(CPU_ISSET(static_cast<unsigned>(sched_getcpu()), &here));
      CHECK(same(follow(), here));
      CHECK(CPU_ISSET(static_cast<unsigned>(bound), &here));
      processor.stay();
      CHECK(same(allowed(), here));
      processor.leave();
      CHECK(same(allowed(), two));
      CHECK(same(follow(), two));
      CHECK(bound == SharedProcessor::kNowhere);
    }
  });
}

TEST_CASE("With another number of processors every thread stays free") {
  for (const int count : {1, 3}) {
    const auto processors = first(count);
    if (CPU_COUNT(&processors) != count) continue;
    run_on(processors, [&] {
      SharedProcessor processor;
      processor.stay();
      CHECK(same(allowed(), processors));
      CHECK(processor.follow(SharedProcessor::kNowhere) == SharedProcessor::kNowhere);
      processor.leave();
      CHECK(same(allowed(), processors));
    });
  }
}
