// Linked into a daemon with fault injection: with SCALEGRAPH_END_AT=POINT:N in its environment the
// process ends, as by kill -9, at the N-th pass of the point.
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <string>

#include "faults/fault_injection.hpp"

namespace {

constexpr int kEndedAtPoint = 86;
constexpr int kBadPoint = 87;

class EndAtPoint {
 public:
  EndAtPoint() {
    const char* asked = std::getenv("SCALEGRAPH_END_AT");
    if (asked == nullptr) return;
    const std::string text(asked);
    const auto colon = text.find(':');
    const auto point = sg::faults::parse_point(text.substr(0, colon));
    const int passes = colon == std::string::npos ? 0 : std::atoi(text.c_str() + colon + 1);
    if (!point || passes < 1) {
      std::cerr << "SCALEGRAPH_END_AT: '" << text << "' is not POINT:N\n";
      ::_exit(kBadPoint);
    }
    left_ = passes;
    sg::faults::set_handler([this, end = *point](sg::faults::Point passed) {
      if (passed == end && --left_ == 0) ::_exit(kEndedAtPoint);
    });
  }

 private:
  std::atomic<int> left_{0};
};

const EndAtPoint end_at_point;

}  // namespace
