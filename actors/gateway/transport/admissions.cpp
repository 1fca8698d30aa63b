#include "actors/gateway/transport/admissions.hpp"

#include "faults/fault_injection.hpp"

namespace sg::actors {

void Admissions::Place::give_back() {
  if (of_ == nullptr || faults::has(faults::Defect::leak_admission)) return;
  --of_->calls_;
  of_->bytes_ -= bytes_;
  of_ = nullptr;
  bytes_ = 0;
}

}  // namespace sg::actors
