// The links of a node to all others: connections, who may use them, and what waits to be sent.
//
//   Each node dials every other one. What it has to say goes over the connection that it dialed,
//   and the other way there are only greetings and answers to pings. So each direction fails, and
//   comes back, on its own.
//
//   dialed     -> Hello ->  accepted: name, cluster, level, store     a stranger: Refusal, closed
//              <- Hello <-  the same checks in the other direction
//              -> Ping  ->  <- Pong <-   one that does not come in time: closed, dialed anew
//
// A new connection of a node ends its old one before anything that comes on it is looked at. So
// nothing that was sent on an old connection is ever taken after something on a new one.
//
// Memory: what waits for one node is bounded by cluster.max_queued_bytes. Raft's messages that do
// not fit are dropped, and sent again by the engine. Calls are bounded by the gateway where they
// came in. A connection that has not proved who it is may send a few hundred bytes, and there are
// at most 32 of them.
//
// Concurrency: a broker of CAF, on the thread that serves its sockets. It never blocks.
#pragma once

#include <caf/io/broker.hpp>
#include <caf/response_promise.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "actors/followed.hpp"
#include "actors/links/chain_reader.hpp"
#include "actors/links/dialer.hpp"
#include "actors/links/messages.hpp"
#include "actors/links/node_tls.hpp"
#include "actors/member/member.hpp"
#include "actors/member/messages.hpp"
#include "actors/runtime.hpp"
#include "replication/links/frames.hpp"
#include "replication/links/hello.hpp"
#include "security/tls_session.hpp"

namespace sg::actors {

struct LinksOptions {
  std::shared_ptr<LinkPort> port;
  // Set if the first start could not listen.
  std::shared_ptr<std::atomic<bool>> cannot_listen;
  std::uint64_t epoch = 0;  // of this start; rises from one start of the process to the next
};

class Links {
 public:
  Links(caf::io::broker* self, RuntimePtr runtime, caf::actor root, LinksOptions options);
  ~Links();
  caf::behavior make_behavior();

 private:
  using Handle = caf::io::connection_handle;
  using NodeId = replication::NodeId;

  struct Connection {
    bool is_dialed = false;
    NodeId node = 0;  // 0: it has not said
    bool is_proven = false;
    std::uint64_t admission = 0;  // what the log writer was asked of it; 0: nothing is open
    bool is_closing = false;      // once all is written
    std::uint64_t number = 0;     // handles are used again
    bool reads_chain = false;     // for an answer to the other node
    std::optional<replication::Hello> hello;
    ledger::SteadyTime since{};
    std::unique_ptr<security::TlsSession> tls;  // null: nodes do not use TLS
    bool is_mute = false;                       // it has failed: no message goes out any more
    replication::FrameReader reader;
    replication::FrameWriter writer;
    std::size_t under_way = 0;  // bytes that the socket was given and has not taken
  };
  struct Peer {
    config::Seed seed;
    caf::actor dialer;
    bool is_dialing = false;
    ledger::SteadyTime next_dial{};
    std::chrono::milliseconds delay{0};
    std::optional<Handle> outgoing;
    std::optional<Handle> incoming;
    std::uint64_t epoch = 0;  // of the last incoming connection that was proven
    // Calls and answers for a connection that is dialed and not proven yet: the other node may have
    // taken it for proven already.
    std::vector<replication::Bytes> held;
    std::uint64_t pings = 0;
    ledger::SteadyTime pinged{};
    ledger::SteadyTime heard{};
    std::chrono::microseconds round_trip{0};
    std::optional<replication::Pong> said;  // last
    std::string problem;
  };

  bool listen();
  replication::Hello hello_to(NodeId node) const;
  static NodeKnows known_of(const Connection& connection);
  Connection* find(Handle handle);
  Peer* peer_of(NodeId node);
  // Both directions are proven.
  bool is_up(const Peer& peer);
  void tell_if_up(const Peer& peer);
  void tick();
  void dial(Peer& peer);
  void dialed(const Dialed& message);
  void accepted(Handle handle);
  void arrived(Handle handle, std::string_view bytes);
  void read(Handle handle, Connection& connection, std::string_view bytes);
  // False: the connection is of no use any more.
  bool take_control(Handle handle, Connection& connection, std::string_view bytes);
  void greeted(Handle handle, Connection& connection, replication::Hello hello);
  void admitted(const NodeAdmitted& message);
  void take_raft(const Connection& connection, std::string_view bytes);
  void say(Handle handle, Connection& connection, const replication::Control& message);
  void refuse(Handle handle, Connection& connection, const std::string& why);
  // --- encryption.cpp ---
  // Begins TLS on a new connection, if nodes use it. False: its files cannot be read.
  bool begin_tls(Connection& connection);
  // Takes what came by TLS. False: the connection is gone, or there is nothing to read yet.
  bool decrypt(Handle handle, Connection& connection, std::string_view bytes, std::string& plain);
  // Why the certificate of the other side is not that of this node, or nullopt.
  std::optional<std::string> wrong_certificate(const Connection& connection, NodeId node);
  // Writes the next frame to the socket's buffer, encrypted. False: there is none, or none may go.
  bool write_next(Connection& connection, std::vector<char>& buffer);
  // Gives the socket what it may have.
  void write(Handle handle, Connection& connection);
  void send(const SendTo& message);
  void drop(Handle handle, const std::string& why);
  void drop_all(const std::string& why);
  void closed(Handle handle, const std::string& why);
  // How long a message may be that comes on this connection.
  replication::Bounds bounds_of(Handle handle, const Connection& connection) const;
  LinkStates describe();
  // --- copying.cpp ---
  void copy_if_due();
  void fetch();
  // False: nobody asks or answers so.
  bool asked_for_chain(Handle handle, Connection& connection, const replication::Fetch& asked);
  void chain_read(const ChainRead& message);
  bool chain_arrived(Handle handle, replication::Chain chain);
  void copied(const ChainCopied& message);

  caf::io::broker* self_;
  RuntimePtr runtime_;
  NodeTls tls_;
  int begun_in_tick_ = 0;    // TLS with strangers
  std::string told_of_tls_;  // why a connection was refused last
  caf::actor root_;
  LinksOptions options_;
  Followed log_writer_;
  Followed replica_;
  caf::actor follower_;
  caf::actor chain_reader_;
  // Of the copying of the chain, one portion at a time: the log writer is asked, whether it may go
  // on or to store a portion; or a portion is on its way from that connection since then.
  bool is_copying_ = false;
  std::optional<Handle> fetching_from_;
  std::optional<Handle> copied_from_;  // what the log writer stores
  ledger::SteadyTime fetching_since_{};
  ledger::SteadyTime told_of_copying_{};
  std::uint64_t connected_ = 0;  // connections so far
  std::map<NodeId, Peer> peers_;
  std::unordered_map<Handle, Connection> connections_;
  std::uint64_t epoch_ = 0;
  std::uint64_t admissions_ = 0;
  std::vector<std::string> calls_;  // that came in the portion at hand
};

// Answers Init once it listens.
caf::behavior links(caf::io::broker* self, RuntimePtr runtime, caf::actor root,
                    LinksOptions options);

}  // namespace sg::actors
