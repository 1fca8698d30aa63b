#include "tests/simulation/fiber.hpp"

#include <utility>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace sg::test {
namespace {

constexpr std::size_t kStackBytes = 1 << 20;

Fiber* entering = nullptr;

void leave_stack([[maybe_unused]] void** fake, [[maybe_unused]] const void* bottom,
                 [[maybe_unused]] std::size_t bytes) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_start_switch_fiber(fake, bottom, bytes);
#endif
}

void arrive_on_stack([[maybe_unused]] void* fake, [[maybe_unused]] const void** bottom,
                     [[maybe_unused]] std::size_t* bytes) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(fake, bottom, bytes);
#endif
}

}  // namespace

Fiber::Fiber() : stack_(kStackBytes) {}

void Fiber::enter() {
  auto& fiber = *std::exchange(entering, nullptr);
  arrive_on_stack(nullptr, &fiber.outer_stack_, &fiber.outer_bytes_);
  fiber.work_();
  fiber.ended_ = true;
  // The stack is left for good.
  leave_stack(nullptr, fiber.outer_stack_, fiber.outer_bytes_);
}

bool Fiber::run(std::function<void()> work) {
  work_ = std::move(work);
  ended_ = false;
  getcontext(&inside_);
  inside_.uc_stack.ss_sp = stack_.data();
  inside_.uc_stack.ss_size = stack_.size();
  inside_.uc_link = &outside_;
  makecontext(&inside_, &Fiber::enter, 0);
  entering = this;
  return switch_in();
}

bool Fiber::resume() { return switch_in(); }

bool Fiber::switch_in() {
  void* fake = nullptr;
  leave_stack(&fake, stack_.data(), stack_.size());
  swapcontext(&outside_, &inside_);
  arrive_on_stack(fake, nullptr, nullptr);
  return ended_;
}

void Fiber::suspend() {
  leave_stack(&fake_stack_, outer_stack_, outer_bytes_);
  swapcontext(&inside_, &outside_);
  arrive_on_stack(fake_stack_, &outer_stack_, &outer_bytes_);
}

}  // namespace sg::test
