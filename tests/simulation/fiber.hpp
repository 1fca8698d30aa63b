// A stack of its own for a handler, so that it can hang in the middle and go on later: what no
// deterministic scheduler of messages can show, and a thread that the system does not run does.
//
// One thread. What runs on a fiber lets no exception out.
#pragma once

#include <ucontext.h>

#include <functional>
#include <vector>

namespace sg::test {

class Fiber {
 public:
  Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Until the work ends, or suspends itself. True when it has ended.
  bool run(std::function<void()> work);
  bool resume();
  // From within: returns when it is resumed.
  void suspend();

 private:
  static void enter();
  bool switch_in();

  std::vector<char> stack_;
  ucontext_t inside_{};
  ucontext_t outside_{};
  std::function<void()> work_;
  bool ended_ = true;
  // What the address sanitizer wants to know of stacks.
  void* fake_stack_ = nullptr;
  const void* outer_stack_ = nullptr;
  std::size_t outer_bytes_ = 0;
};

}  // namespace sg::test
