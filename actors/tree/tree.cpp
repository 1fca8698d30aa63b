#include "actors/tree/tree.hpp"

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "actors/account_shard/account_shard.hpp"
#include "actors/actor_errors.hpp"
#include "actors/children.hpp"
#include "actors/coordinator/coordinator.hpp"
#include "actors/gateway/methods/methods.hpp"
#include "actors/indexer/indexer.hpp"
#include "actors/journal/journal.hpp"
#include "actors/queries/queries.hpp"
#include "supervisor/supervisor.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

namespace {

using supervisor::ChildSpec;
using supervisor::Shutdown;
using Unanswered = supervisor::Liveness::Unanswered;

// As of any end that the supervisors did not cope with.
constexpr int kHangsExitCode = 4;

template <class Function, class... Args>
caf::expected<caf::actor> start(caf::event_based_actor* parent, bool detached, Function function,
                                Args... args) {
  if (detached) return parent->spawn<caf::detached>(function, std::move(args)...);
  return parent->spawn(function, std::move(args)...);
}

supervisor::Flags flags(const RuntimePtr& runtime, std::string_view name) {
  supervisor::Flags flags;
  flags.name = std::string(name);
  flags.intensity = static_cast<int>(runtime->settings.supervisor.intensity);
  flags.period = runtime->settings.supervisor.period;
  flags.report = [runtime](const supervisor::Report& report) {
    if (report.unresponsive) runtime->left_behind->store(true);
    runtime->report(report);
  };
  flags.fatal = [runtime](const supervisor::Report& report) {
    runtime->end_process(supervisor::to_string(report) +
                         ": a writer that hangs must not wake up later");
  };
  flags.detached = runtime->detached;
  return flags;
}

supervisor::Liveness liveness(const Runtime& runtime, Unanswered unanswered) {
  return {runtime.settings.supervisor.liveness_period, unanswered};
}

caf::actor root_of(caf::event_based_actor* supervisor) {
  return caf::actor_cast<caf::actor>(supervisor);
}

ChildSpec shard_spec(const RuntimePtr& runtime, const caf::actor& root, std::uint32_t index) {
  ChildSpec spec;
  spec.id = "account_shard/" + std::to_string(index);
  spec.liveness = liveness(*runtime, Unanswered::replace);
  spec.start = [runtime, root, index](caf::event_based_actor* parent) {
    return start(parent, false, account_shard, runtime, root, index, runtime->next_incarnation());
  };
  return spec;
}

ChildSpec shards_spec(const RuntimePtr& runtime) {
  ChildSpec spec;
  spec.id = std::string(kShardsId);
  spec.type = supervisor::ChildType::supervisor;
  spec.start = [runtime](caf::event_based_actor* parent) -> caf::expected<caf::actor> {
    std::vector<ChildSpec> shards;
    for (std::uint32_t i = 0; i < runtime->settings.ledger.shards; ++i) {
      shards.push_back(shard_spec(runtime, root_of(parent), i));
    }
    return supervisor::spawn_supervisor(parent, flags(runtime, kShardsId), std::move(shards));
  };
  return spec;
}

ChildSpec journal_spec(const RuntimePtr& runtime) {
  ChildSpec spec;
  spec.id = std::string(kJournalId);
  // A journal that writes is never abandoned: it is waited for.
  spec.shutdown = Shutdown::infinity();
  spec.liveness = liveness(*runtime, Unanswered::end_process);
  spec.normal_end_counts = false;  // the end of its term, in a cluster
  spec.start = [runtime, restarted = false](caf::event_based_actor* parent) mutable {
    // It would wait for a reader that hangs in the store before it could open that anew.
    if (restarted && runtime->left_behind->load()) {
      runtime->end_process("the store cannot be opened anew");
    }
    return start(parent, runtime->detached, journal, runtime, root_of(parent),
                 std::exchange(restarted, true));
  };
  return spec;
}

ChildSpec coordinator_spec(const RuntimePtr& runtime) {
  ChildSpec spec;
  spec.id = std::string(kCoordinatorId);
  spec.liveness = liveness(*runtime, Unanswered::replace);
  spec.start = [runtime](caf::event_based_actor* parent) {
    return start(parent, false, coordinator, runtime, root_of(parent), runtime->next_incarnation());
  };
  return spec;
}

using Worker = caf::behavior (*)(caf::event_based_actor*, RuntimePtr, caf::actor);

ChildSpec worker_spec(const RuntimePtr& runtime, std::string_view id, Worker worker,
                      Unanswered unanswered) {
  ChildSpec spec;
  spec.liveness = liveness(*runtime, unanswered);
  spec.id = std::string(id);
  spec.start = [runtime, worker](caf::event_based_actor* parent) {
    return start(parent, runtime->detached, worker, runtime, root_of(parent));
  };
  return spec;
}

}  // namespace

void configure(caf::actor_system_config& config, const config::Settings& settings) {
  supervisor::register_messages(config);
  config.add_error_category(store_category, render_store_error);
  config.add_error_category(caf::atom("gateway"), render_store_error);
  // Idles at 0.04 ms of CPU a second where work stealing burns 10.5 (measured, CAF 0.17.6).
  config.set("scheduler.policy", caf::atom("sharing"));
  // The gateway, the journal and the clients want the others.
  const std::size_t half = std::max(1U, std::thread::hardware_concurrency() / 2);
  const auto threads = settings.scheduler.threads;
  config.set("scheduler.max-threads", threads == 0 ? half : threads);
  config.set("scheduler.max-throughput", settings.scheduler.max_throughput);
}

[[noreturn]] void exit_at_once(const std::string& why) {
  log(Module::supervisor).critical("the process ends: {}", why);
  telemetry::flush_log();
  std::_Exit(kHangsExitCode);
}

void log_report(const supervisor::Report& report) {
  const auto level =
      report.context == supervisor::Context::progress ? spdlog::level::info : spdlog::level::warn;
  log(Module::supervisor).log(level, "{}", supervisor::to_string(report));
}

ChildSpec gateway_spec(const RuntimePtr& runtime, std::shared_ptr<GatewaySeat> seat) {
  ChildSpec spec;
  // Not probed: while it drains it does not answer, and a successor would find its port taken.
  spec.id = std::string(kGatewayId);
  // It drains within its own bound.
  spec.shutdown = Shutdown::infinity();
  // Before anybody reads them.
  CallMeter meter(runtime->metrics);
  for (const auto& method : methods(runtime->settings.server.reflection)) (void)meter.of(method);
  spec.start = [runtime, seat](caf::event_based_actor* parent) {
    return start(parent, true, gateway, runtime, root_of(parent), seat);
  };
  return spec;
}

caf::actor spawn_tree(caf::actor_system& system, const RuntimePtr& runtime, ChildSpec gateway,
                      std::vector<ChildSpec> first) {
  auto children = std::move(first);
  children.push_back(journal_spec(runtime));
  children.push_back(shards_spec(runtime));
  children.push_back(coordinator_spec(runtime));
  children.push_back(worker_spec(runtime, kQueriesId, queries, Unanswered::replace));
  // It writes: the store has one such caller at a time.
  children.push_back(worker_spec(runtime, kIndexerId, indexer, Unanswered::end_process));
  children.push_back(std::move(gateway));
  return supervisor::spawn_supervisor(system, flags(runtime, "root"), std::move(children));
}

}  // namespace sg::actors
