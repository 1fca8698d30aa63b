#include "server/cluster_node.hpp"

#include <algorithm>
#include <caf/io/middleman.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <random>
#include <utility>

#include "actors/children.hpp"
#include "actors/forwarding/forwarder.hpp"
#include "actors/links/links.hpp"
#include "actors/member/member_children.hpp"
#include "persistence/rocks/directory_medium.hpp"
#include "replication/member_log.hpp"
#include "replication/message_codec.hpp"
#include "telemetry/log.hpp"

namespace sg::server {

using telemetry::log;
using telemetry::Module;

using namespace std::chrono_literals;

namespace {

constexpr auto kHandOver = 500ms;

persistence::StoreId new_store() {
  std::random_device device;
  persistence::StoreId id{};
  for (auto& byte : id) byte = static_cast<std::uint8_t>(device());
  return id;
}

// Rises from one start of this process to the next, unless the clock goes back by more than the
// time between them. Within a start it counts on.
std::uint64_t first_epoch() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

bool has_bodies(const replication::Message& message) {
  return std::any_of(message.entries.begin(), message.entries.end(),
                     [](const auto& entry) { return entry.body != nullptr; });
}

}  // namespace

tl::expected<std::shared_ptr<persistence::MemberStore>, std::string> open_node(
    const config::Settings& settings, const persistence::StoreOptions& options) {
  // The medium holds the store's lock, so it goes before the store is opened.
  const auto found = [&] {
    const auto medium = persistence::make_directory_medium(settings.storage.path, options);
    return persistence::found_group(*medium, options, settings.cluster.node_id,
                                    replication::encode(replication::Membership{}),
                                    persistence::kFirstLevel, new_store());
  };
  if (const auto founded = found(); !founded) return tl::unexpected(founded.error().message);
  auto store = persistence::open_member_store(settings.storage.path, options);
  if (!store) return tl::unexpected(store.error().message);
  return std::shared_ptr<persistence::MemberStore>(std::move(*store));
}

struct ClusterNode::State {
  std::shared_ptr<actors::LinkPort> port = std::make_shared<actors::LinkPort>();
  std::shared_ptr<std::atomic<bool>> cannot_listen = std::make_shared<std::atomic<bool>>(false);
  std::mutex mutex;
  std::condition_variable changed;
  bool leads = false;                              // under the mutex
  caf::actor replica;                              // under the mutex
  std::mt19937_64 random{std::random_device{}()};  // the replica's thread
};

void ClusterNode::configure(caf::actor_system_config& config) { config.load<caf::io::middleman>(); }

ClusterNode::ClusterNode() : state_(std::make_shared<State>()) {}
ClusterNode::~ClusterNode() = default;

bool ClusterNode::cannot_listen() const { return *state_->cannot_listen; }

std::vector<supervisor::ChildSpec> ClusterNode::children(const actors::RuntimePtr& runtime) {
  const auto& cluster = runtime->settings.cluster;
  actors::MemberOptions options;
  options.node = cluster.node_id;
  options.election_timeout = cluster.election_timeout;
  options.send = [state = state_](replication::Message message) {
    const auto links = state->port->links();
    if (!links) return;
    const auto channel =
        has_bodies(message) ? replication::Channel::log : replication::Channel::urgent;
    caf::anon_send(
        links, actors::SendTo{message.to,
                              channel,
                              {std::make_shared<const std::string>(replication::encode(message))}});
  };
  options.random = [state = state_](std::uint64_t bound) { return state->random() % bound; };
  options.changed = [state = state_](const replication::Status& status) {
    const std::lock_guard lock(state->mutex);
    state->leads = status.leads();
    state->changed.notify_all();
  };
  options.identity_changed = [state = state_] {
    if (const auto links = state->port->links()) caf::anon_send(links, actors::IdentityChanged{});
  };
  auto children = actors::member_children(runtime, std::move(options));
  auto& replica = children.back();
  replica.start = [state = state_, start = replica.start](caf::event_based_actor* parent) {
    auto started = start(parent);
    const std::lock_guard lock(state->mutex);
    state->replica = started ? *started : nullptr;
    return started;
  };

  supervisor::ChildSpec links;
  links.id = std::string(actors::kLinksId);
  links.start = [runtime, state = state_,
                 starts = 0U](caf::event_based_actor* parent) mutable -> caf::expected<caf::actor> {
    return parent->system().middleman().spawn_broker(
        actors::links, runtime, caf::actor_cast<caf::actor>(parent),
        actors::LinksOptions{state->port, state->cannot_listen, first_epoch() + ++starts});
  };
  children.push_back(std::move(links));

  supervisor::ChildSpec forwarder;
  forwarder.id = std::string(actors::kForwarderId);
  forwarder.start = [runtime](caf::event_based_actor* parent) -> caf::expected<caf::actor> {
    return parent->spawn(actors::forwarder, runtime, caf::actor_cast<caf::actor>(parent));
  };
  children.push_back(std::move(forwarder));
  return children;
}

void ClusterNode::hand_over() {
  std::unique_lock lock(state_->mutex);
  if (!state_->leads || !state_->replica) return;
  log(Module::server).info("handing the leadership over");
  caf::anon_send(state_->replica, actors::HandOver{});
  state_->changed.wait_for(lock, kHandOver, [this] { return !state_->leads; });
}

void ClusterNode::forget_actors() {
  const std::lock_guard lock(state_->mutex);
  state_->replica = nullptr;
}

}  // namespace sg::server
