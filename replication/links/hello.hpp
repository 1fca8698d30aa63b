// What two nodes tell each other before anything else, and what each of them checks.
//
//   hello   := magic:u32 version:u8 name:text cluster:16 founder store:16 node to
//              base_sequence base_hash:32 known_level level epoch
//   refusal := text                      why the other one is refused
//   behind  := epoch                     the connection is an old one
//   ping    := number
//   pong    := number sequence free      the answer to the ping with that number
//   fetch   := sequence hash:32          of the chain that the other one's log begins on: what
//   follows chain   := (block:text)*             the answer
//
// Messages of the control channel begin with their kind. Numbers are varints.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "persistence/log/log_row.hpp"
#include "persistence/log/log_store.hpp"
#include "replication/raft_types.hpp"

namespace sg::replication {

// Who a node is. All of it but `epoch` stands in its store and its settings.
struct Hello {
  std::string name;                  // of the cluster
  persistence::ClusterId cluster{};  // zeros: the node belongs to none yet
  NodeId founder = 0;                // of that cluster
  persistence::StoreId store{};
  NodeId node = 0;
  NodeId to = 0;  // whom it means to reach
  persistence::ChainEnd base;
  persistence::Level known_level = 0;
  persistence::Level level = 0;
  std::uint64_t epoch = 0;  // rises with each connection that the node begins
  bool operator==(const Hello&) const = default;
};

struct Refusal {
  std::string why;
  bool operator==(const Refusal&) const = default;
};
// The connection is older than one that the node began later: begin the next one above `epoch`.
struct Behind {
  std::uint64_t epoch = 0;
  bool operator==(const Behind&) const = default;
};
struct Ping {
  std::uint64_t number = 0;
  bool operator==(const Ping&) const = default;
};
struct Pong {
  std::uint64_t number = 0;
  persistence::Sequence sequence = 0;  // the last that is committed there
  std::uint64_t free_bytes = 0;        // on the disk of its store
  bool operator==(const Pong&) const = default;
};

// A node that belongs to no cluster yet has the chain up to `after`, and asks for more.
struct Fetch {
  persistence::ChainEnd after;
  bool operator==(const Fetch&) const = default;
};
struct Chain {
  std::vector<std::string> blocks;
  bool operator==(const Chain&) const = default;
};

using Control = std::variant<Hello, Refusal, Behind, Ping, Pong, Fetch, Chain>;

std::string encode(const Control& message);
// Nullopt: the bytes are no message of the control channel, or of another version of it.
std::optional<Control> decode_control(std::string_view bytes);

// Why `self` refuses `other`, with what differs and what would be right. Nullopt: it does not. What
// the log says of `other` is checked by MemberStore::why_refused(). A node without a cluster that
// has less of the chain than the other is not refused: it fetches the rest.
std::optional<std::string> why_refused(const Hello& self, const Hello& other);

}  // namespace sg::replication
