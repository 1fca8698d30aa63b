// The chain that the cluster's log begins on: a node that has less of it fetches the rest from any
// node that is a member, before it joins.

#include <algorithm>
#include <utility>

#include "actors/children.hpp"
#include "actors/links/links.hpp"
#include "actors/member/member.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

using namespace std::chrono_literals;

namespace {

constexpr auto kTellEvery = 2s;
constexpr auto kPortionWithin = 10s;  // from its being asked for to its last byte
// More than these wait to be written only while a portion of the chain does.
constexpr std::size_t kMostBytesOfSmallMessages = 4'096;

}  // namespace

// Asks the log writer whether it may go on: it waits for the disk, and this thread does not.
void Links::copy_if_due() {
  const auto now = runtime_->steady_clock();
  if (fetching_from_ && now - fetching_since_ > kPortionWithin) {
    return drop(*fetching_from_, "it does not send the chain that was asked for");
  }
  const auto& store = *runtime_->member;
  if (is_copying_ || fetching_from_ || !log_writer_) return;
  if (store.identity().cluster != persistence::ClusterId{}) return;
  const auto here = store.base().sequence;
  const bool has_source =
      std::any_of(connections_.begin(), connections_.end(), [here](const auto& entry) {
        const Connection& connection = entry.second;
        return connection.is_proven && connection.hello->cluster != persistence::ClusterId{} &&
               connection.hello->base.sequence > here;
      });
  if (!has_source) return;
  is_copying_ = true;
  log_writer_.request(CopyChain{std::make_shared<const persistence::ChainCopy>()});
}

void Links::fetch() {
  const auto& store = *runtime_->member;
  for (const auto& [id, peer] : peers_) {
    auto* connection = peer.outgoing ? find(*peer.outgoing) : nullptr;
    if (connection == nullptr || !connection->is_proven) continue;
    const auto& hello = *connection->hello;
    if (hello.cluster == persistence::ClusterId{}) continue;
    if (hello.base.sequence <= store.base().sequence) continue;
    fetching_from_ = peer.outgoing;
    fetching_since_ = runtime_->steady_clock();
    return say(*peer.outgoing, *connection, replication::Fetch{store.base()});
  }
}

bool Links::asked_for_chain(Handle handle, Connection& connection,
                            const replication::Fetch& asked) {
  // Whoever asks reads the answer before it asks again. A few small messages, such as answers to
  // pings, may still wait behind the last portion.
  const bool waits =
      connection.writer.bytes(replication::Channel::control) > kMostBytesOfSmallMessages;
  if (connection.is_dialed || waits || std::exchange(connection.reads_chain, true)) return false;
  caf::anon_send(chain_reader_,
                 ReadChain{handle_of(self_), handle, connection.number, asked.after});
  return true;
}

void Links::chain_read(const ChainRead& message) {
  auto* connection = find(message.connection);
  if (connection == nullptr || connection->number != message.number) return;
  connection->reads_chain = false;
  if (message.is_unreadable) return drop(message.connection, "the chain cannot be read here");
  if (message.chain) {
    return say(message.connection, *connection, replication::Chain{message.chain->blocks});
  }
  refuse(message.connection, *connection,
         "node " + std::to_string(connection->node) +
             " has another chain: every member but the first begins with an empty store");
}

bool Links::chain_arrived(Handle handle, replication::Chain chain) {
  if (fetching_from_ != handle || chain.blocks.empty()) return false;
  fetching_from_.reset();
  if (!log_writer_) return true;  // it is fetched again
  is_copying_ = true;
  copied_from_ = handle;
  log_writer_.request(CopyChain{std::make_shared<const persistence::ChainCopy>(
      persistence::ChainCopy{std::move(chain.blocks)})});
  return true;
}

void Links::copied(const ChainCopied& message) {
  is_copying_ = false;
  const auto from = std::exchange(copied_from_, std::nullopt);
  if (message.problem) {
    log(Module::links).error("{}", *message.problem);
    if (from) drop(*from, *message.problem);
    return;
  }
  const auto here = runtime_->member->base().sequence;
  const auto* connection = from ? find(*from) : nullptr;
  if (connection != nullptr && connection->hello) {
    const auto all = connection->hello->base.sequence;
    const auto now = runtime_->steady_clock();
    if (here == all || now - told_of_copying_ >= kTellEvery) {
      told_of_copying_ = now;
      log(Module::links).info("copied {} of {} records that the cluster begins with", here, all);
    }
    if (here == all) return drop_all("the chain is copied");
  }
  if (message.may_go_on) fetch();
}

}  // namespace sg::actors
