#include "actors/links/chain_reader.hpp"

#include <utility>

#include "actors/unhandled.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

namespace {

constexpr std::uint64_t kMostBytes = 1UL << 20;  // of an answer, but one block at least

}  // namespace

caf::behavior chain_reader(caf::event_based_actor* self, RuntimePtr runtime) {
  end_with_exceptions(self, "chain_reader");
  return {[runtime = std::move(runtime)](const ReadChain& asked) {
    auto chain = runtime->member->read_chain(asked.after, kMostBytes);
    if (!chain) log(Module::links).error("the chain cannot be read: {}", chain.error().message);
    caf::anon_send(asked.links, ChainRead{asked.connection, asked.number, !chain,
                                          chain ? std::move(*chain) : std::nullopt});
  }};
}

}  // namespace sg::actors
