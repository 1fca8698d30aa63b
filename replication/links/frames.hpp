// How messages between two nodes lie on a connection. A message is cut into frames, so that an
// urgent one overtakes a large one that is under way.
//
//   frame   := payload_bytes:u32 channel:u8 is_last:u8 reserved:u16 checksum:u32 payload
//   message := the payloads of the frames of one channel, up to one that is the last
//
// Within a channel messages arrive in the order in which they were put. The checksum is CRC32C of
// the payload. A reader refuses what no writer makes before it takes memory for it.
//
// Not thread-safe: the links actor owns both ends.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace sg::replication {

// In the order in which they are served: the first two before all else, the others in turn.
enum class Channel : std::uint8_t {
  control,  // who is there, and whether it answers
  urgent,   // Raft's messages without blocks
  calls,    // forwarded calls and their answers
  log,      // Raft's messages with blocks
};
inline constexpr std::size_t kChannels = 4;

inline constexpr std::size_t kFrameHeaderBytes = 12;
inline constexpr std::size_t kMostPayloadBytes = 256 * 1024;
// The longest message: the blocks of a message of Raft, or a forwarded call.
inline constexpr std::size_t kMostMessageBytes = 1UL << 30;

using Bytes = std::shared_ptr<const std::string>;

// Messages that wait to be sent on one connection.
class FrameWriter {
 public:
  void put(Channel channel, Bytes message);
  // Appends the next frame to `to`. Returns false if there is none.
  bool write_next(std::vector<char>& to);
  bool empty() const { return count_ == 0; }
  // Of what was put and is not written yet.
  std::size_t bytes(Channel channel) const {
    return queues_[static_cast<std::size_t>(channel)].bytes;
  }

 private:
  struct Queue {
    std::deque<Bytes> messages;
    std::size_t written = 0;  // of the first
    std::size_t bytes = 0;    // that are not written
  };
  void write(Channel channel, std::vector<char>& to);

  std::array<Queue, kChannels> queues_;
  std::size_t count_ = 0;  // messages that are not written to their end
  bool calls_turn_ = true;
};

// The longest message of each channel, in bytes.
using Bounds = std::array<std::size_t, kChannels>;

class FrameReader {
 public:
  using Take = std::function<void(Channel channel, std::string message)>;

  // Takes bytes in the order in which they came, in portions of any size, and hands on each message
  // that is whole. The error says what no node sends; the connection is of no more use then.
  tl::expected<void, std::string> read(std::string_view bytes, const Bounds& most,
                                       const Take& take);

 private:
  std::string pending_;  // a frame that is not whole
  std::array<std::string, kChannels> messages_;
};

}  // namespace sg::replication
