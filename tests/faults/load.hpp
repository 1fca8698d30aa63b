// Clients that keep on: each transfer has an idempotency key and is sent again with the same key
// until there is a definite answer. Half of the clients send batches.
//
// Concurrency: a thread per client and one that reads; the results are read after finish().
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/ledger_client.hpp"

namespace sg::test {

inline constexpr int kAccounts = 12;
inline constexpr std::int64_t kOpeningBalance = 500;
std::string account_name(int index);
// Those that the load moves money on.
void open_accounts(LedgerClient& client);

// Retries soon after a connection broke.
std::shared_ptr<grpc::Channel> connect(int port);

struct Outcomes {
  std::map<std::string, std::string> committed;  // key -> transaction id
  std::map<std::string, std::string> refused;    // key -> the refusal, as told() writes it
  std::uint64_t retries = 0;                     // calls that left a transfer open
  std::vector<std::string> complaints;           // what no client should see
};

class Load {
 public:
  Load(int port, int clients);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Waits until every client, and the reader, got that many definite answers more. False when that
  // takes too long.
  bool await_progress(std::uint64_t answers);
  Outcomes finish();

 private:
  struct Client {
    Outcomes outcomes;
    std::uint64_t answers = 0;  // under mutex_
    std::thread thread;
  };

  void run_unary(Client& client, int number);
  void run_batches(Client& client, int number);
  void run_reader(Client& client);
  wire::TransferRequest any_transfer(std::mt19937& random, const std::string& key) const;
  // Says what became of the transfer; false when it has to be sent again.
  static bool note(Outcomes& outcomes, const std::string& key, const std::string& line,
                   const std::string& id);
  void progressed(Client& client, std::uint64_t answers);

  int port_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable moved_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace sg::test
