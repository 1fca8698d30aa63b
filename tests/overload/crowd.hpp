// Many clients of unary transfers on one thread and one completion queue: each has one call in
// flight, sends the next when it is answered, and pauses when it was refused.
//
//   Crowd crowd(port, 640, std::chrono::milliseconds{100});
//   const auto told = crowd.run(10'000);
//   CHECK(told.others == 0);
//
// Not thread-safe.
#pragma once

#include <grpcpp/completion_queue.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/support/ledger_client.hpp"

namespace sg::test {

struct CrowdTold {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  // as overloaded
  std::uint64_t others = 0;
  std::string first_other;
  double accepted_per_second = 0;
  std::vector<double> refusals_ms;  // how long each took, sorted
};

class Crowd {
 public:
  // The accounts "crowd0" to "crowd9" must be there. A refused client pauses half of `pause` to one
  // and a half of it; 0: it tries again at once.
  Crowd(int port, std::size_t clients, std::chrono::milliseconds pause);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // Until so many transfers more were accepted, counted from when all clients have had an answer.
  CrowdTold run(std::uint64_t accepted);

 private:
  struct Client;

  void send(Client& client);
  void pause(Client& client);
  void note(const Client& client, CrowdTold& told);

  std::chrono::milliseconds pause_;
  std::mt19937 random_{7};
  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<LedgerStub>> stubs_;
  std::vector<std::unique_ptr<Client>> clients_;
};

inline constexpr int kCrowdAccounts = 10;
std::string crowd_account(int index);

}  // namespace sg::test
