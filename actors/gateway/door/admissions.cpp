#include "actors/gateway/door/admissions.hpp"

#include "faults/fault_injection.hpp"

namespace sg::actors {

void Admissions::Place::give_back() {
  if (of_ == nullptr || faults::has(faults::Defect::leak_admission)) return;
  for (auto* of = of_; of != nullptr; of = of->above_) {
    --of->calls_;
    of->bytes_ -= bytes_;
  }
  of_ = nullptr;
  bytes_ = 0;
}

}  // namespace sg::actors
