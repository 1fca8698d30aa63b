// Calls that one node forwards to another, and their answers. What decodes holds no more than its
// bytes account for.
#include "replication/links/calls.hpp"
#include "tests/fuzz/property.hpp"

using namespace sg;
using namespace sg::replication;
using fuzz::must;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = decode_call_message(std::string(fuzz::text_of(data, size)));
  if (!message) return 0;
  if (const auto* call = std::get_if<std::unique_ptr<ForwardedCall>>(&*message)) {
    const auto& forwarded = **call;
    must(forwarded.entries.size() <= size && forwarded.results.size() <= size,
         "an entry has at least a byte");
    if (const auto* batch = std::get_if<ledger::TransferBatch>(&forwarded.operation)) {
      must(batch->transfers.size() == forwarded.results.size(), "each item has a result");
    }
  } else if (const auto* cancelled = std::get_if<CancelledCall>(&*message)) {
    must(decode_call_message(encode_cancel(cancelled->id)).has_value(), "a cancel is encoded");
  } else if (const auto* answer = std::get_if<CallAnswer>(&*message)) {
    must(answer->results.size() <= size, "a result has at least a byte");
  }
  return 0;
}
