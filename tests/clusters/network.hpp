// The network between the nodes of a simulated cluster: it delays, reorders, loses and repeats
// messages, and is cut in one direction or in both. Which message comes next, the dice say.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "replication/raft_types.hpp"
#include "tests/simulation/random.hpp"

namespace sg::test {

using replication::NodeId;

struct Packet {
  NodeId from = 0;
  NodeId to = 0;
  std::uint64_t due = 0;  // not before this step
  std::function<void()> deliver;
};

class Network {
 public:
  explicit Network(Random& random) : random_(random) {}

  struct Options {
    std::uint32_t loss_ppm = 0;
    std::uint32_t repeat_ppm = 0;
    std::int64_t most_delay = 1;       // in steps
    std::int64_t most_call_delay = 1;  // of a call; a connection may hang for long
  };
  Options options;

  // A message that may be lost, and may come twice.
  void send(NodeId from, NodeId to, std::uint64_t now, std::function<void()> deliver) {
    if (random_.chance(options.loss_ppm)) return;
    if (random_.chance(options.repeat_ppm)) put(from, to, now, options.most_delay, deliver);
    put(from, to, now, options.most_delay, std::move(deliver));
  }
  // A call on a connection: it comes once, or the connection breaks.
  void call(NodeId from, NodeId to, std::uint64_t now, std::function<void()> deliver) {
    put(from, to, now, options.most_call_delay, std::move(deliver));
  }

  // From here on nothing goes from one to the other.
  void cut(NodeId from, NodeId to) { cuts_.insert({from, to}); }
  void heal() { cuts_.clear(); }

  std::size_t in_flight() const { return packets_.size(); }
  // Takes a message that is due, or, if `any`, one that is not; false: there is none. One to a node
  // that is in `frozen` stays where it is.
  bool deliver_one(std::uint64_t now, bool any, const std::set<NodeId>& frozen) {
    std::vector<std::size_t> ready;
    for (std::size_t i = 0; i < packets_.size(); ++i) {
      if ((any || packets_[i].due <= now) && !frozen.contains(packets_[i].to)) ready.push_back(i);
    }
    if (ready.empty()) return false;
    const auto chosen = random_.pick(ready);
    const Packet packet = std::move(packets_[chosen]);
    packets_[chosen] = std::move(packets_.back());
    packets_.pop_back();
    if (!cuts_.contains({packet.from, packet.to})) packet.deliver();
    return true;
  }
  void drop_all() { packets_.clear(); }

 private:
  void put(NodeId from, NodeId to, std::uint64_t now, std::int64_t most_delay,
           std::function<void()> deliver) {
    const auto delay = static_cast<std::uint64_t>(random_.between(0, most_delay));
    packets_.push_back({from, to, now + delay, std::move(deliver)});
  }

  Random& random_;
  std::vector<Packet> packets_;
  std::set<std::pair<NodeId, NodeId>> cuts_;
};

}  // namespace sg::test
