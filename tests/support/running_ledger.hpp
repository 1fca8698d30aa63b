// A whole server in the process: a store, an actor system and the supervision tree, listening on a
// port of 127.0.0.1 that the system chose, with a client. It stops in order when it goes.
//
//   RunningLedger ledger;
//   ledger.client.create_account("alice", 100);
//
// The wall clock stands still until a test sets it.
#pragma once

#include <atomic>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "actors/tree/tree.hpp"
#include "persistence/memory/memory_disk.hpp"
#include "tests/support/ledger_client.hpp"

namespace sg::test {

// Port 0, three shards.
config::Settings ledger_settings();

// A store on a fresh memory disk.
std::shared_ptr<persistence::Store> memory_store();
std::shared_ptr<persistence::Store> memory_store(std::shared_ptr<persistence::MemoryDisk> disk,
                                                 const persistence::StoreOptions& options = {});

// The first id "NAME0", "NAME1", ... that lives on `shard`.
std::string on_shard(const std::string& name, std::size_t shard, std::size_t shards = 3);

// An actor system with a tree in it. Wants to listen, but need not get there.
class LedgerTree {
 public:
  LedgerTree(const config::Settings& settings, std::shared_ptr<persistence::Store> store);
  ~LedgerTree();
  LedgerTree(const LedgerTree&) = delete;
  LedgerTree& operator=(const LedgerTree&) = delete;

  // 0: the tree ended before it listened.
  int port() const { return port_; }
  const actors::GatewaySeat& seat() const { return *seat_; }
  void set_time(ledger::TimeMs now) { *now_ = now; }

  // Kills the child of the tree, or of the shards' supervisor, and waits for its end; its
  // supervisor starts it again.
  void kill_child(const std::string& id);
  // Kills the child of the tree and waits until its successor serves.
  void restart_child(const std::string& id);
  // Stops in order. False when the tree ended otherwise than asked.
  bool stop();

 private:
  caf::actor find_child(const caf::actor& supervisor, const std::string& id);
  bool await_listening();

  struct Config : caf::actor_system_config {
    explicit Config(const config::Settings& settings);
  };
  Config config_;
  caf::actor_system system_;
  std::shared_ptr<std::atomic<ledger::TimeMs>> now_;
  std::shared_ptr<actors::GatewaySeat> seat_;
  caf::actor root_;
  bool stopped_ = false;
  int port_ = 0;
};

struct RunningLedger {
  // Fails the test when it does not listen.
  explicit RunningLedger(const config::Settings& settings = ledger_settings(),
                         std::shared_ptr<persistence::Store> store = memory_store());

  LedgerTree tree;
  LedgerClient client;
};

}  // namespace sg::test
