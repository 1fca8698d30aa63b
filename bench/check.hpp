// A run counts only if the server agrees with what the clients were told.
#pragma once

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>
#include <string>

#include "bench/driver.hpp"

namespace sg::bench {

struct ServerState {
  std::uint64_t transactions = 0;
  std::string total;  // of all balances, decimal
  std::string postings;
  std::string error;  // empty: the state was read
};

ServerState read_state(const std::shared_ptr<grpc::Channel>& channel);

// Empty, or what does not agree.
std::string disagreement(const std::shared_ptr<grpc::Channel>& channel, const ServerState& before,
                         const ServerState& after, const Outcome& outcome);

}  // namespace sg::bench
