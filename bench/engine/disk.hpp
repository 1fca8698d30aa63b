// The disk of a measured member: entries in RocksDB, as the ledger's store has them, written by a
// thread of its own. All writes that wait when a sync ends share the next one.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "persistence/medium/key_value.hpp"
#include "replication/replica.hpp"

namespace sg::bench {

class Disk {
 public:
  // `done` is called on the disk's thread with the number of the last write that is durable.
  Disk(const std::filesystem::path& folder, std::function<void(std::uint64_t)> done);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  void write(replication::LogWrite write);

 private:
  void run();

  std::unique_ptr<persistence::Medium> medium_;
  std::unique_ptr<persistence::KeyValue> rows_;
  std::function<void(std::uint64_t)> done_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<replication::LogWrite> waiting_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace sg::bench
