// The whole server in the process, on a RocksDB store in a directory of its own, with a hand on
// each actor of the tree.
//
//   FaultyLedger ledger(10);
//   ledger.restart("journal", Fault::kill);
#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/tree/tree.hpp"
#include "persistence/store.hpp"
#include "tests/support/temp_directory.hpp"

namespace sg::test {

enum class Fault {
  kill,   // its mailbox is dropped
  error,  // it ends with an error of its own; a supervisor is told to shut down
};

class FaultyLedger {
 public:
  explicit FaultyLedger(std::size_t intensity);
  ~FaultyLedger();
  FaultyLedger(const FaultyLedger&) = delete;
  FaultyLedger& operator=(const FaultyLedger&) = delete;

  int port() const { return seat_->port; }
  const telemetry::Metrics& metrics() const { return *metrics_; }
  // Every child of the tree by id, supervisors included.
  std::vector<std::string> ids();
  // Null while it has none.
  caf::actor handle(const std::string& id);
  void fail(const std::string& id, Fault fault);
  // Fails the child and waits until its successor is ready. How many starts that took.
  std::uint64_t restart(const std::string& id, Fault fault) {
    return await_restart(id, [&] { fail(id, fault); });
  }
  // The same, when `cause` is what ends it.
  std::uint64_t await_restart(const std::string& id, const std::function<void()>& cause);
  // The reason of the root's end, after all of its children's: waits for them.
  caf::error await_end();
  // Stops in order, and opens the store anew.
  std::unique_ptr<persistence::Store> stop_and_reopen();

 private:
  struct Config : caf::actor_system_config {
    explicit Config(const config::Settings& settings);
  };
  struct Child {
    std::string id;
    caf::actor handle;
    caf::actor supervisor;
  };
  void collect(const caf::actor& supervisor, std::vector<Child>& children);
  std::vector<Child> children();
  void await_gateway();
  std::unique_ptr<persistence::Store> open() const;

  TempDirectory directory_;
  config::Settings settings_;
  std::unique_ptr<Config> config_;
  std::unique_ptr<caf::actor_system> system_;
  std::shared_ptr<telemetry::Metrics> metrics_;
  std::shared_ptr<actors::GatewaySeat> seat_ = std::make_shared<actors::GatewaySeat>();
  caf::actor root_;
};

}  // namespace sg::test
