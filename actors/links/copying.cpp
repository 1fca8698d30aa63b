// The chain that the cluster's log begins on: a node that has less of it fetches the rest from any
// node that is a member, before it joins.
#include <spdlog/spdlog.h>

#include <utility>

#include "actors/children.hpp"
#include "actors/links/links.hpp"
#include "actors/member/member.hpp"

namespace sg::actors {

using namespace std::chrono_literals;

namespace {

constexpr auto kTellEvery = 2s;

}  // namespace

// One portion is under way at a time, and none while journal or indexes are behind.
void Links::fetch_if_due() {
  const auto& store = *runtime_->member;
  if (fetching_from_ || store.identity().cluster != persistence::ClusterId{}) return;
  if (!store.has_room() || !store.keeps_up() || is_far_behind(*runtime_)) return;
  for (const auto& [id, peer] : peers_) {
    auto* connection = peer.outgoing ? find(*peer.outgoing) : nullptr;
    if (connection == nullptr || !connection->is_proven) continue;
    const auto& hello = *connection->hello;
    if (hello.cluster == persistence::ClusterId{}) continue;
    if (hello.base.sequence <= store.base().sequence) continue;
    fetching_from_ = peer.outgoing;
    return say(*peer.outgoing, *connection, replication::Fetch{store.base()});
  }
}

bool Links::asked_for_chain(Handle handle, Connection& connection,
                            const replication::Fetch& asked) {
  if (connection.is_dialed || std::exchange(connection.reads_chain, true)) return false;
  caf::anon_send(chain_reader_, ReadChain{handle_of(self_), handle, asked.after});
  return true;
}

void Links::chain_read(const ChainRead& message) {
  auto* connection = find(message.connection);
  if (connection == nullptr) return;
  connection->reads_chain = false;
  if (message.chain) {
    return say(message.connection, *connection, replication::Chain{message.chain->blocks});
  }
  refuse(message.connection, *connection,
         "node " + std::to_string(connection->node) +
             " has another chain: every member but the first begins with an empty store");
}

bool Links::chain_arrived(Handle handle, replication::Chain chain) {
  if (fetching_from_ != handle || chain.blocks.empty()) return false;
  log_writer_.request(CopyChain{std::make_shared<const persistence::ChainCopy>(
      persistence::ChainCopy{std::move(chain.blocks)})});
  return true;
}

void Links::copied(const ChainCopied& message) {
  if (!fetching_from_) return;
  const auto handle = *std::exchange(fetching_from_, std::nullopt);
  if (message.problem) return drop(handle, *message.problem);
  const auto* connection = find(handle);
  if (connection == nullptr) return;
  const auto here = runtime_->member->base().sequence;
  const auto all = connection->hello->base.sequence;
  const auto now = runtime_->steady_clock();
  if (here == all || now - told_of_copying_ >= kTellEvery) {
    told_of_copying_ = now;
    spdlog::info("links: copied {} of {} records that the cluster begins with", here, all);
  }
  if (here == all) return drop_all("the chain is copied");
  fetch_if_due();
}

}  // namespace sg::actors
