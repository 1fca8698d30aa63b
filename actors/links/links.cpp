#include "actors/links/links.hpp"

#include <algorithm>
#include <utility>

#include "actors/actor_errors.hpp"
#include "actors/member/member.hpp"
#include "actors/unhandled.hpp"
#include "replication/message_codec.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

// --- to itself ---
struct LinkTick {};

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::LinkTick)

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

using replication::Channel;
using namespace std::chrono_literals;

namespace {

constexpr auto kTick = 50ms;
constexpr auto kPingEvery = 200ms;
constexpr auto kLeastPatience = 1'000ms;     // for the answer to a ping
constexpr auto kProofWithin = 2'000ms;       // from a connection's first moment
constexpr auto kAdmissionWithin = 10'000ms;  // with the log writer's word on it
constexpr auto kFirstDelay = 50ms;           // before the next attempt, doubled each time
constexpr auto kLongestDelay = 1'000ms;
constexpr std::size_t kMostStrangers = 32;
constexpr std::size_t kMostBytesOfStranger = 4'096;
constexpr std::size_t kMostUnderWay = 1UL << 20;  // bytes in the socket's buffer
constexpr std::size_t kReadAtMost = 1UL << 18;

}  // namespace

Links::Links(caf::io::broker* self, RuntimePtr runtime, caf::actor root, LinksOptions options)
    : self_(self),
      runtime_(std::move(runtime)),
      tls_(runtime_->settings.cluster),
      root_(std::move(root)),
      options_(std::move(options)),
      log_writer_(self_, kLogWriterId),
      replica_(self_, kReplicaId),
      chain_reader_(self_->home_system().spawn<caf::detached>(chain_reader, runtime_)),
      epoch_(options_.epoch) {
  self_->link_to(chain_reader_);
  const auto& cluster = runtime_->settings.cluster;
  for (const auto& seed : cluster.seeds) {
    if (seed.id == cluster.node_id) continue;
    auto& peer = peers_[seed.id];
    peer.seed = seed;
    peer.dialer = self_->home_system().spawn<caf::detached>(dialer, seed);
  }
}

Links::~Links() {
  options_.port->set(nullptr);
  caf::anon_send_exit(chain_reader_, caf::exit_reason::user_shutdown);
  for (const auto& [id, peer] : peers_) {
    caf::anon_send_exit(peer.dialer, caf::exit_reason::user_shutdown);
  }
}

caf::behavior Links::make_behavior() {
  return {
      [this](supervisor::Init) -> caf::result<supervisor::Ready> {
        if (!listen()) {
          *options_.cannot_listen = true;
          return caf::make_error(caf::sec::cannot_open_port);
        }
        options_.port->set(handle_of(self_));
        subscribe(self_, root_);
        tick();
        return supervisor::Ready{};
      },
      [this](supervisor::Probe) { return alive(self_); },
      [this](const supervisor::ChildUp& up) {
        // What an earlier one has stored, and did not tell, may be more than the greetings said.
        if (log_writer_.is_up(up)) drop_all("the store was opened anew");
        if (!replica_.is_up(up)) return;
        for (const auto& [handle, connection] : connections_) {
          if (!connection.is_proven || !connection.hello) continue;
          replica_.send(known_of(connection));
        }
      },
      [this](const supervisor::ChildDown& down) {
        // What it was asked to copy is lost, or in the store.
        if (log_writer_.is_down(down)) is_copying_ = false;
        (void)replica_.is_down(down);
      },
      [this](LinkTick) { tick(); },
      [this](const Dialed& message) { dialed(message); },
      [this](const caf::io::new_connection_msg& message) { accepted(message.handle); },
      [this](const caf::io::new_data_msg& message) {
        arrived(message.handle, {message.buf.data(), message.buf.size()});
      },
      [this](const caf::io::data_transferred_msg& message) {
        auto* connection = find(message.handle);
        if (connection == nullptr) return;
        connection->under_way = message.remaining;
        write(message.handle, *connection);
      },
      [this](const caf::io::connection_closed_msg& message) {
        closed(message.handle, "the other node closed the connection");
      },
      [this](const caf::io::acceptor_closed_msg&) {
        self_->quit(caf::make_error(caf::sec::cannot_open_port));
      },
      [this](const NodeAdmitted& message) { admitted(message); },
      [this](const ChainRead& message) { chain_read(message); },
      [this](const ChainCopied& message) { copied(message); },
      [this](const SendTo& message) { send(message); },
      [this](const FollowLinks& message) {
        // What its predecessor was told is lost: the others send again what may be.
        if (follower_ && follower_ != message.follower) drop_all("the forwarder has restarted");
        follower_ = message.follower;
        for (const auto& [id, peer] : peers_) tell_if_up(peer);
      },
      [this](IdentityChanged) { drop_all("who belongs to the cluster has changed"); },
      [this](DescribeLinks) { return describe(); },
  };
}

bool Links::listen() {
  const auto& at = runtime_->settings.cluster.listen;
  const auto made = self_->add_tcp_doorman(at.port, at.host.c_str(), true);
  if (made) {
    log(Module::links).info("nodes connect at {}", to_string(at));
    return true;
  }
  log(Module::links)
      .error("cannot listen on {}: {}", to_string(at), self_->system().render(made.error()));
  return false;
}

Links::Connection* Links::find(Handle handle) {
  const auto found = connections_.find(handle);
  return found == connections_.end() ? nullptr : &found->second;
}

Links::Peer* Links::peer_of(NodeId node) {
  const auto found = peers_.find(node);
  return found == peers_.end() ? nullptr : &found->second;
}

bool Links::is_up(const Peer& peer) {
  return peer.outgoing && peer.incoming && find(*peer.outgoing)->is_proven;
}

void Links::tell_if_up(const Peer& peer) {
  if (follower_ && is_up(peer)) caf::anon_send(follower_, LinkUp{peer.seed.id});
}

void Links::tick() {
  self_->delayed_send(self_, kTick, LinkTick{});
  begun_in_tick_ = 0;
  const auto now = runtime_->steady_clock();
  const auto patience = std::max<std::chrono::milliseconds>(
      kLeastPatience, 2 * runtime_->settings.cluster.election_timeout);
  std::vector<std::pair<Handle, std::string>> dead;
  for (const auto& [handle, connection] : connections_) {
    // The log writer may have to wait for the disk.
    const auto patience_for_proof = connection.admission == 0 ? kProofWithin : kAdmissionWithin;
    if (!connection.is_proven && now - connection.since > patience_for_proof) {
      dead.emplace_back(handle, "it did not say in time who it is");
    }
  }
  for (auto& [id, peer] : peers_) {
    if (!peer.outgoing) {
      if (!peer.is_dialing && now >= peer.next_dial) dial(peer);
      continue;
    }
    auto* connection = find(*peer.outgoing);
    if (!connection->is_proven) continue;
    if (now - peer.heard > patience) {
      dead.emplace_back(*peer.outgoing, "it does not answer");
    } else if (now - peer.pinged >= kPingEvery) {
      peer.pinged = now;
      say(*peer.outgoing, *connection, replication::Ping{++peer.pings});
    }
  }
  for (const auto& [handle, why] : dead) drop(handle, why);
  copy_if_due();
}

void Links::dial(Peer& peer) {
  peer.is_dialing = true;
  caf::anon_send(peer.dialer, Dial{handle_of(self_)});
}

void Links::dialed(const Dialed& message) {
  auto* peer = peer_of(message.node);
  if (peer == nullptr) return;
  peer->is_dialing = false;
  const auto now = runtime_->steady_clock();
  peer->delay = std::clamp<std::chrono::milliseconds>(2 * peer->delay, kFirstDelay, kLongestDelay);
  peer->next_dial = now + peer->delay;
  if (!message.socket) {
    peer->problem = message.problem;
    return;
  }
  const auto handle = self_->add_scribe(message.socket->release());
  self_->configure_read(handle, caf::io::receive_policy::at_most(kReadAtMost));
  self_->ack_writes(handle, true);
  auto& connection = connections_[handle];
  connection.number = ++connected_;
  connection.is_dialed = true;
  connection.node = message.node;
  connection.since = now;
  peer->outgoing = handle;
  ++epoch_;
  if (!begin_tls(connection)) return drop(handle, "the files of TLS cannot be read");
  say(handle, connection, hello_to(message.node));
}

void Links::accepted(Handle handle) {
  const auto strangers =
      std::count_if(connections_.begin(), connections_.end(),
                    [](const auto& one) { return !one.second.is_dialed && !one.second.is_proven; });
  if (static_cast<std::size_t>(strangers) >= kMostStrangers) {
    self_->close(handle);
    return;
  }
  self_->configure_read(handle, caf::io::receive_policy::at_most(kReadAtMost));
  self_->ack_writes(handle, true);
  auto& connection = connections_[handle];
  connection.number = ++connected_;
  connection.since = runtime_->steady_clock();
  if (!begin_tls(connection)) drop(handle, "TLS cannot be begun");
}

replication::Bounds Links::bounds_of(Handle handle, const Connection& connection) const {
  replication::Bounds most;
  most.fill(connection.is_proven ? replication::kMostMessageBytes : kMostBytesOfStranger);
  // Only a portion of the chain is long.
  if (fetching_from_ != handle) most[std::size_t(Channel::control)] = kMostBytesOfStranger;
  return most;
}

void Links::arrived(Handle handle, std::string_view bytes) {
  auto* connection = find(handle);
  if (connection == nullptr || connection->is_closing) return;
  if (!connection->tls) return read(handle, *connection, bytes);
  std::string plain;
  if (decrypt(handle, *connection, bytes, plain)) read(handle, *connection, plain);
}

void Links::read(Handle handle, Connection& connection, std::string_view bytes) {
  const auto most = bounds_of(handle, connection);
  // A large message may take longer than the answer to a ping.
  if (auto* peer = peer_of(connection.node); connection.is_dialed && connection.is_proven) {
    peer->heard = runtime_->steady_clock();
  }
  bool is_right = true;
  const auto node = connection.node;
  const auto whole = connection.reader.read(bytes, most, [&](Channel channel, std::string message) {
    // It may be gone by what the message before said.
    auto* still = find(handle);
    if (!is_right || still == nullptr || still->is_closing) return;
    if (channel == Channel::control) {
      is_right = take_control(handle, *still, message);
    } else if (!still->is_proven || still->is_dialed) {
      is_right = false;
    } else if (channel == Channel::calls) {
      calls_.push_back(std::move(message));
    } else {
      take_raft(*still, message);
    }
  });
  if (!calls_.empty()) {
    auto calls = std::exchange(calls_, {});
    if (!follower_) return drop(handle, "nobody here takes calls yet");
    caf::anon_send(follower_, CallsArrived{node, std::move(calls)});
  }
  if (!whole) return drop(handle, whole.error());
  if (!is_right) return drop(handle, "it does not keep to the protocol of a cluster");
  // Not while it was being read.
  if (auto* still = find(handle); still != nullptr && still->is_closing) write(handle, *still);
}

void Links::take_raft(const Connection& connection, std::string_view bytes) {
  auto message = replication::decode_message(bytes);
  if (!message) {
    log(Module::links).error("node {} sends {}", connection.node, message.error());
    return;
  }
  const auto cluster = runtime_->member->identity().cluster;
  const bool is_of_cluster = cluster != persistence::ClusterId{} && connection.hello &&
                             connection.hello->cluster == cluster;
  if (message->from != connection.node || !is_of_cluster) return;
  replica_.send(Deliver{std::move(*message)});
}

void Links::say(Handle handle, Connection& connection, const replication::Control& message) {
  connection.writer.put(Channel::control,
                        std::make_shared<const std::string>(replication::encode(message)));
  write(handle, connection);
}

void Links::write(Handle handle, Connection& connection) {
  bool wrote = false;
  auto& buffer = self_->wr_buf(handle);
  while (connection.under_way < kMostUnderWay) {
    const auto before = buffer.size();
    if (!write_next(connection, buffer)) break;
    connection.under_way += buffer.size() - before;
    wrote = true;
  }
  if (wrote) return self_->flush(handle);
  const bool is_all_said = connection.writer.empty() || connection.is_mute;
  if (connection.is_closing && connection.under_way == 0 && is_all_said) {
    drop(handle, "refused");
  }
}

void Links::send(const SendTo& message) {
  auto* peer = peer_of(message.to);
  if (peer == nullptr || !peer->outgoing) return;
  auto* connection = find(*peer->outgoing);
  if (!connection->is_proven) {
    if (message.channel != Channel::calls) return;
    peer->held.insert(peer->held.end(), message.messages.begin(), message.messages.end());
    return;
  }
  // Calls are bounded where they came in, and small messages by what Raft has to say.
  const auto bound = runtime_->settings.cluster.max_queued_bytes;
  for (const auto& bytes : message.messages) {
    const auto queued = connection->writer.bytes(message.channel);
    // One message always fits, however large it is.
    const bool fits = queued == 0 || queued + bytes->size() <= bound;
    if (fits || message.channel == Channel::calls) connection->writer.put(message.channel, bytes);
  }
  write(*peer->outgoing, *connection);
}

void Links::drop_all(const std::string& why) {
  std::vector<Handle> handles;
  for (const auto& [handle, connection] : connections_) handles.push_back(handle);
  for (const auto& handle : handles) drop(handle, why);
}

void Links::drop(Handle handle, const std::string& why) {
  if (connections_.contains(handle)) self_->close(handle);
  closed(handle, why);
}

void Links::closed(Handle handle, const std::string& why) {
  const auto found = connections_.find(handle);
  if (found == connections_.end()) return;
  const auto node = found->second.node;
  const bool was_proven = found->second.is_proven;
  connections_.erase(found);
  if (fetching_from_ == handle) fetching_from_.reset();
  auto* peer = peer_of(node);
  if (peer == nullptr) return;
  if (peer->outgoing == handle) {
    peer->outgoing.reset();
    peer->held.clear();
    peer->next_dial = runtime_->steady_clock() + peer->delay;
    if (was_proven) peer->problem = why;
  } else if (peer->incoming == handle) {
    peer->incoming.reset();
  }
  if (!was_proven) return;
  log(Module::links).info("a connection with node {} ended: {}", node, why);
  if (follower_) caf::anon_send(follower_, LinkDown{node});
}

LinkStates Links::describe() {
  LinkStates states;
  for (const auto& [id, peer] : peers_) {
    const bool up = is_up(peer);
    LinkState state{id, up, peer.round_trip, {}, {}, up ? std::string() : peer.problem};
    if (up && peer.said) {
      state.sequence = peer.said->sequence;
      state.free_bytes = peer.said->free_bytes;
    }
    states.links.push_back(std::move(state));
  }
  return states;
}

caf::behavior links(caf::io::broker* self, RuntimePtr runtime, caf::actor root,
                    LinksOptions options) {
  end_with_exceptions(self, kLinksId);
  auto state =
      std::make_shared<Links>(self, std::move(runtime), std::move(root), std::move(options));
  self->attach_functor([state] {});
  return state->make_behavior();
}

}  // namespace sg::actors
