// What scalegraph-bench is asked to do.
#pragma once

#include <cstdint>
#include <string>

namespace sg::bench {

enum class Mode { unary, batch, stream };

struct Options {
  std::string server = "127.0.0.1:50051";
  Mode mode = Mode::unary;
  std::uint32_t batch = 1000;    // transfers a call, with batch and stream
  std::uint32_t in_flight = 64;  // calls, or requests of the stream
  std::uint32_t accounts = 10'000;
  double zipf = 0;  // exponent; 0: uniform
  std::uint32_t parties = 2;
  bool fee_account = false;  // one account takes part in every transfer
  double seconds = 10;
  double rate = 0;  // calls a second, open loop; 0: as fast as answers come
  bool idempotent = false;
  bool echo = false;  // the same messages against an empty service
  bool json = false;
  std::uint64_t seed = 1;
};

const char* to_string(Mode mode);

}  // namespace sg::bench
