#include "replication/links/frames.hpp"

#include <algorithm>
#include <utility>

#include "persistence/encoding/bytes.hpp"
#include "persistence/encoding/crc32c.hpp"

namespace sg::replication {
namespace {

using persistence::put_fixed;

struct Header {
  std::uint32_t payload_bytes = 0;
  std::uint8_t channel = 0;
  std::uint8_t is_last = 0;
  std::uint16_t reserved = 0;
  std::uint32_t checksum = 0;
};

Header read_header(std::string_view bytes) {
  persistence::ByteReader in(bytes);
  Header header;
  header.payload_bytes = in.fixed<std::uint32_t>();
  header.channel = in.fixed<std::uint8_t>();
  header.is_last = in.fixed<std::uint8_t>();
  header.reserved = in.fixed<std::uint16_t>();
  header.checksum = in.fixed<std::uint32_t>();
  return header;
}

}  // namespace

void FrameWriter::put(Channel channel, Bytes message) {
  ++count_;
  auto& queue = queues_[static_cast<std::size_t>(channel)];
  queue.bytes += message->size();
  queue.messages.push_back(std::move(message));
}

bool FrameWriter::write_next(std::vector<char>& to) {
  const auto has = [this](Channel channel) {
    return !queues_[static_cast<std::size_t>(channel)].messages.empty();
  };
  for (const auto channel : {Channel::control, Channel::urgent}) {
    if (!has(channel)) continue;
    write(channel, to);
    return true;
  }
  const auto first = calls_turn_ ? Channel::calls : Channel::log;
  const auto second = calls_turn_ ? Channel::log : Channel::calls;
  if (!has(first) && !has(second)) return false;
  write(has(first) ? first : second, to);
  calls_turn_ = !calls_turn_;
  return true;
}

void FrameWriter::write(Channel channel, std::vector<char>& to) {
  auto& queue = queues_[static_cast<std::size_t>(channel)];
  const auto& message = *queue.messages.front();
  const auto payload = std::string_view(message).substr(queue.written, kMostPayloadBytes);
  const bool is_last = queue.written + payload.size() == message.size();
  std::array<char, kFrameHeaderBytes> header;
  char* at = put_fixed(header.data(), static_cast<std::uint32_t>(payload.size()));
  at = put_fixed(at, static_cast<std::uint8_t>(channel));
  at = put_fixed(at, static_cast<std::uint8_t>(is_last ? 1 : 0));
  at = put_fixed(at, std::uint16_t{0});
  put_fixed(at, persistence::crc32c(payload));
  to.insert(to.end(), header.begin(), header.end());
  to.insert(to.end(), payload.begin(), payload.end());
  queue.bytes -= payload.size();
  queue.written += payload.size();
  if (!is_last) return;
  queue.messages.pop_front();
  queue.written = 0;
  --count_;
}

tl::expected<void, std::string> FrameReader::read(std::string_view bytes, const Bounds& most,
                                                  const Take& take) {
  while (!bytes.empty()) {
    // Up to the end of the header, and then of the frame, and not beyond.
    const auto fill = [&](std::size_t size) {
      const auto missing = std::min(size - std::min(size, pending_.size()), bytes.size());
      pending_.append(bytes.substr(0, missing));
      bytes.remove_prefix(missing);
      return pending_.size() >= size;
    };
    if (!fill(kFrameHeaderBytes)) break;
    const Header header = read_header(std::string_view(pending_).substr(0, kFrameHeaderBytes));
    if (header.payload_bytes > kMostPayloadBytes || header.channel >= kChannels ||
        header.is_last > 1 || header.reserved != 0) {
      return tl::unexpected(std::string("bytes that no node of a cluster sends"));
    }
    if (!fill(kFrameHeaderBytes + header.payload_bytes)) break;
    const auto payload = std::string_view(pending_).substr(kFrameHeaderBytes);
    if (persistence::crc32c(payload) != header.checksum) {
      return tl::unexpected(std::string("a frame that fails its checksum"));
    }
    auto& message = messages_[header.channel];
    if (message.size() + payload.size() > most[header.channel]) {
      return tl::unexpected("a message of more than " + std::to_string(most[header.channel]) +
                            " bytes");
    }
    message.append(payload);
    pending_.clear();
    if (header.is_last == 1) {
      take(static_cast<Channel>(header.channel), std::exchange(message, {}));
    }
  }
  return {};
}

}  // namespace sg::replication
