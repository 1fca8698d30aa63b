// Who is at the other end of a connection: greetings, what the log says of it, refusals, and
// whether it still answers.

#include <algorithm>
#include <utility>

#include "actors/links/links.hpp"
#include "actors/member/member.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

using replication::Channel;
using replication::Hello;

Hello Links::hello_to(NodeId node) const {
  const auto& member = *runtime_->member;
  const auto identity = member.identity();
  Hello hello;
  hello.name = runtime_->settings.cluster.name;
  hello.cluster = identity.cluster;
  hello.founder = identity.founder;
  hello.store = identity.store;
  hello.node = runtime_->settings.cluster.node_id;
  hello.to = node;
  hello.base = member.base();
  hello.known_level = member.known_level();
  hello.level = member.level();
  hello.epoch = epoch_;
  return hello;
}

NodeKnows Links::known_of(const Connection& connection) {
  const auto& hello = *connection.hello;
  return {connection.node, hello.known_level, hello.cluster, hello.store, hello.base};
}

bool Links::take_control(Handle handle, Connection& connection, std::string_view bytes) {
  auto message = replication::decode_control(bytes);
  if (!message) return false;
  if (auto* hello = std::get_if<Hello>(&*message)) {
    if (connection.hello || (connection.is_dialed && hello->node != connection.node)) return false;
    greeted(handle, connection, std::move(*hello));
    return true;
  }
  if (const auto* refusal = std::get_if<replication::Refusal>(&*message)) {
    auto* peer = peer_of(connection.node);
    if (!connection.is_dialed || peer == nullptr) return false;
    if (peer->problem != refusal->why)
      log(Module::links).error("refused by node {}: {}", connection.node, refusal->why);
    peer->problem = refusal->why;
    connection.is_closing = true;
    return true;
  }
  if (const auto* behind = std::get_if<replication::Behind>(&*message)) {
    if (!connection.is_dialed) return false;
    epoch_ = std::max(epoch_, behind->epoch);
    connection.is_closing = true;
    return true;
  }
  if (!connection.is_proven) return false;
  if (const auto* ping = std::get_if<replication::Ping>(&*message)) {
    const auto& store = *runtime_->member;
    say(handle, connection, replication::Pong{ping->number, store.durable(), store.free_bytes()});
    return true;
  }
  if (const auto* asked = std::get_if<replication::Fetch>(&*message)) {
    return asked_for_chain(handle, connection, *asked);
  }
  if (auto* chain = std::get_if<replication::Chain>(&*message)) {
    return chain_arrived(handle, std::move(*chain));
  }
  auto* peer = peer_of(connection.node);
  const auto& pong = std::get<replication::Pong>(*message);
  if (!connection.is_dialed || peer == nullptr) return false;
  peer->heard = runtime_->steady_clock();
  peer->said = pong;
  peer->delay = {};  // the connection is of use
  if (pong.number == peer->pings) {
    peer->round_trip =
        std::chrono::duration_cast<std::chrono::microseconds>(peer->heard - peer->pinged);
  }
  return true;
}

void Links::greeted(Handle handle, Connection& connection, Hello hello) {
  auto why = why_refused(hello_to(hello.node), hello);
  if (!why && peer_of(hello.node) == nullptr) {
    why = "node " + std::to_string(hello.node) + " is not among the cluster.seeds of node " +
          std::to_string(runtime_->settings.cluster.node_id);
  }
  if (!why) why = wrong_certificate(connection, hello.node);
  if (why) return refuse(handle, connection, *why);
  connection.node = hello.node;
  // One that the other node had given up before it began the one in use.
  if (const auto& peer = *peer_of(hello.node); !connection.is_dialed && hello.epoch <= peer.epoch) {
    connection.node = 0;
    connection.is_closing = true;
    return say(handle, connection, replication::Behind{peer.epoch});
  }
  connection.hello = std::move(hello);
  // It is tried again: the log writer is starting.
  if (!log_writer_) {
    connection.is_closing = true;
    return;
  }
  connection.admission = ++admissions_;
  log_writer_.request(AdmitNode{connection.admission, connection.node, connection.hello->cluster,
                                connection.hello->founder, connection.hello->store,
                                connection.hello->base});
}

void Links::admitted(const NodeAdmitted& message) {
  if (message.joined) {
    // All connections prove anew who they are, now that there is a cluster to prove.
    log(Module::links).info("this node joins a cluster");
    replica_.send(BeginAnew{});
    return drop_all("this node has joined a cluster");
  }
  const auto found = std::find_if(connections_.begin(), connections_.end(), [&](const auto& one) {
    return one.second.admission == message.number;
  });
  if (found == connections_.end()) return;
  const auto handle = found->first;
  auto* connection = &found->second;
  connection->admission = 0;
  if (message.why_not) return refuse(handle, *connection, *message.why_not);
  auto& peer = *peer_of(connection->node);
  connection->is_proven = true;
  peer.problem.clear();
  replica_.send(known_of(*connection));
  if (connection->is_dialed) {
    peer.heard = runtime_->steady_clock();
    log(Module::links).info("connected to node {}", connection->node);
    for (auto& call : std::exchange(peer.held, {})) {
      connection->writer.put(Channel::calls, std::move(call));
    }
    write(handle, *connection);
    tell_if_up(peer);
    return;
  }
  if (connection->hello->epoch <= peer.epoch) {
    return drop(handle, "the node has connected anew");
  }
  peer.epoch = connection->hello->epoch;
  if (peer.incoming) drop(*peer.incoming, "the node has connected anew");
  peer.incoming = handle;
  say(handle, *connection, hello_to(connection->node));
  tell_if_up(peer);
}

void Links::refuse(Handle handle, Connection& connection, const std::string& why) {
  log(Module::links).warn("a node is refused: {}", why);
  if (auto* peer = peer_of(connection.node)) peer->problem = why;
  connection.is_closing = true;
  say(handle, connection, replication::Refusal{why});
}

}  // namespace sg::actors
