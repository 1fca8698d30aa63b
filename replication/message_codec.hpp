// Messages between members as bytes, with the bodies of their entries behind them.
//
//   message := version:u8 kind:u8 flags:u8 to from term log_term index commit commit_term
//              reject_hint priority context entries:varint entry*  body*
//   entry   := index term kind:u8 data body_bytes:varint        body_bytes 0: there is none
//   body    := the bytes, in the order of the entries
//
// Numbers are varints, `priority` is a signed one, texts have their length before them.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "replication/raft_types.hpp"

namespace sg::replication {

// Of messages between nodes. Nodes of another version do not understand one another.
inline constexpr std::uint8_t kMessageVersion = 1;

// Needs the body of every entry that has one.
std::string encode(const Message& message);
// The error says what is wrong with the bytes.
tl::expected<Message, std::string> decode_message(std::string_view bytes);

}  // namespace sg::replication
