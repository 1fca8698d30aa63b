// The command line of scalegraph-bench as a value. main.cpp fills it and checks its bounds.
#pragma once

#include <cstdint>
#include <string>

#include "client/channel.hpp"

namespace sg::bench {

// Which method carries the transfers.
enum class Mode {
  unary,  // Transfer: one transfer a call
  batch,  // TransferBatch: options.batch transfers a call
  stream  // StreamTransfers: one call, whose requests are batches
};

struct Options {
  std::string server = "127.0.0.1:50051";  // HOST:PORT; unused with `echo`
  Mode mode = Mode::unary;
  std::uint32_t batch = 1000;       // transfers a request, with batch and stream
  std::uint32_t in_flight = 64;     // most unanswered calls, or requests of the stream
  std::uint32_t accounts = 10'000;  // of the workload
  double zipf = 0;                  // exponent of the choice of accounts; 0: all are equally likely
  std::uint32_t parties = 2;        // accounts of a transfer; at most `accounts`
  bool fee_account = false;         // one account takes part in every transfer
  double seconds = 10;              // how long calls are sent
  double rate = 0;                  // calls a second, in an open loop; 0: as fast as answers come
  bool idempotent = false;          // every transfer has an idempotency key of its own
  bool echo = false;                // load an empty service instead, see echo_server.hpp
  bool json = false;                // print a JSON line as well
  std::uint64_t seed = 1;           // the same seed chooses the same accounts
  client::ChannelOptions channel;   // unused with `echo`
};

// The name of the value: "unary".
const char* to_string(Mode mode);

}  // namespace sg::bench
