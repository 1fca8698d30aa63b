// Messages between members. What decodes is encoded as the same bytes, and holds no more memory
// than its bytes account for.
#include "replication/message_codec.hpp"
#include "tests/fuzz/property.hpp"

using namespace sg;
using namespace sg::replication;
using fuzz::must;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::text_of(data, size);
  const auto message = decode_message(bytes);
  if (!message) {
    must(!message.error().empty(), "a refusal says why");
    return 0;
  }
  must(encode(*message) == bytes, "a message that decodes is encoded as the same bytes");
  must(message->entries.size() <= size, "an entry has at least a byte");
  return 0;
}
