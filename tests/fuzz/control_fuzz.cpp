// What nodes say before anything else: greetings, refusals, pings, and the chain that is copied.
// What decodes survives its encoding.
#include "replication/links/hello.hpp"
#include "tests/fuzz/property.hpp"

using namespace sg;
using namespace sg::replication;
using fuzz::must;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = decode_control(fuzz::text_of(data, size));
  if (!message) return 0;
  must(decode_control(encode(*message)) == message, "a message survives its encoding");
  if (const auto* hello = std::get_if<Hello>(&*message)) {
    auto other = *hello;
    std::swap(other.node, other.to);
    const auto why = why_refused(other, *hello);
    must(!why || !why->empty(), "a refusal says why");
  }
  if (const auto* chain = std::get_if<Chain>(&*message)) {
    must(chain->blocks.size() <= size, "a block has at least a byte");
  }
  return 0;
}
