// Where threads may run while one of them stays on its processor.
#include "actors/shared_processor.hpp"

#include <catch2/catch.hpp>
#include <semaphore>
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

// A thread that follows when it is asked to.
class Follower {
 public:
  explicit Follower(const SharedProcessor& processor)
      : thread_([this, &processor] {
          for (asked_.acquire(); !over_; asked_.acquire()) {
            processor.follow();
            at_ = allowed();
            done_.release();
          }
        }) {}
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;
  ~Follower() {
    over_ = true;
    asked_.release();
    thread_.join();
  }
  // Where it may run then.
  cpu_set_t follow() {
    asked_.release();
    done_.acquire();
    return at_;
  }

 private:
  std::binary_semaphore asked_{0};
  std::binary_semaphore done_{0};
  bool over_ = false;
  cpu_set_t at_{};
  std::thread thread_;
};

}  // namespace

TEST_CASE("On two processors one thread stays on its own, and another follows it there") {
  const auto two = first(2);
  if (CPU_COUNT(&two) < 2) return;
  run_on(two, [&] {
    SharedProcessor processor;
    Follower follower(processor);
    CHECK(same(follower.follow(), two));
    CHECK(processor.where() == SharedProcessor::kNowhere);
    for (int again = 0; again < 2; ++again) {
      processor.stay();
      const auto here = allowed();
      CHECK(CPU_COUNT(&here) == 1);
      CHECK(CPU_ISSET(static_cast<unsigned>(sched_getcpu()), &here));
      CHECK(same(follower.follow(), here));
      CHECK(CPU_ISSET(static_cast<unsigned>(processor.where()), &here));
      processor.stay();
      CHECK(same(allowed(), here));
      processor.leave();
      CHECK(same(allowed(), two));
      CHECK(same(follower.follow(), two));
      CHECK(processor.where() == SharedProcessor::kNowhere);
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
      CHECK(processor.where() == SharedProcessor::kNowhere);
      processor.follow();
      CHECK(same(allowed(), processors));
      processor.leave();
      CHECK(same(allowed(), processors));
    });
  }
}
