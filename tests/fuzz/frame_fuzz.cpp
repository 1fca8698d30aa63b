// Frames on a connection between nodes. Bytes in any portions give the same messages as in one, and
// none is longer than it may be. What is written is read back.
#include <map>
#include <vector>

#include "replication/links/frames.hpp"
#include "tests/fuzz/property.hpp"

using namespace sg;
using namespace sg::replication;
using fuzz::must;

namespace {

constexpr std::size_t kMostBytes = 4096;

struct Heard {
  std::vector<std::pair<Channel, std::string>> messages;
  bool is_refused = false;
  bool operator==(const Heard&) const = default;
};

Heard hear(std::string_view bytes, std::size_t portion) {
  Heard heard;
  FrameReader reader;
  Bounds most;
  most.fill(kMostBytes);
  for (; !bytes.empty() && !heard.is_refused;
       bytes.remove_prefix(std::min(portion, bytes.size()))) {
    const auto read =
        reader.read(bytes.substr(0, portion), most, [&](Channel channel, std::string message) {
          must(message.size() <= kMostBytes, "a message is as long as it may be");
          heard.messages.emplace_back(channel, std::move(message));
        });
    heard.is_refused = !read;
    if (!read) must(!read.error().empty(), "a refusal says why");
  }
  return heard;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [number, bytes] = fuzz::choice_of(fuzz::text_of(data, size));
  must(hear(bytes, number + 1U) == hear(bytes, bytes.size() + 1), "portions make no difference");

  // The same bytes as messages, cut where they say.
  FrameWriter writer;
  std::map<Channel, std::vector<std::string>> put;
  for (std::string_view rest = bytes; !rest.empty();) {
    const auto channel = static_cast<Channel>(static_cast<std::uint8_t>(rest[0]) % kChannels);
    const auto length = std::min<std::size_t>(static_cast<std::uint8_t>(rest[0]), rest.size());
    auto message = std::make_shared<const std::string>(rest.substr(0, length));
    put[channel].push_back(*message);
    writer.put(channel, std::move(message));
    rest.remove_prefix(std::max<std::size_t>(length, 1));
  }
  std::vector<char> written;
  while (writer.write_next(written)) {
  }
  must(writer.empty(), "all is written");
  std::map<Channel, std::vector<std::string>> read;
  const auto heard = hear({written.data(), written.size()}, number + 1U);
  must(!heard.is_refused, "what is written is read");
  for (const auto& [channel, message] : heard.messages) read[channel].push_back(message);
  must(read == put, "each channel has its messages, in order");
  return 0;
}
