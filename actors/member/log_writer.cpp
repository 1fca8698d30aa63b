#include "actors/member/log_writer.hpp"

#include <chrono>
#include <utility>

#include "actors/actor_errors.hpp"
#include "actors/children.hpp"
#include "actors/member/following.hpp"
#include "actors/unhandled.hpp"
#include "faults/fault_injection.hpp"
#include "replication/member_log.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

// --- to itself ---
// The disk was full: is there room to open the store anew?
struct OpenAgain {};

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::OpenAgain)

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

namespace {

constexpr std::chrono::milliseconds kOpenAgain{500};

}  // namespace

LogWriter::LogWriter(caf::event_based_actor* self, RuntimePtr runtime, bool reopen)
    : self_(self), runtime_(std::move(runtime)), store_(*runtime_->member), reopen_(reopen) {}

caf::behavior LogWriter::make_behavior() {
  return {
      [this](supervisor::Init) -> caf::result<supervisor::Ready> {
        ready_ = self_->make_response_promise();
        start();
        return ready_;
      },
      [this](supervisor::Probe) { return alive(self_); },
      [this](OpenAgain) { start(); },
      [this](const WriteLog& asked) { write(asked); },
      [this](const CommitLog& asked) { commit(asked); },
      [this](DrainLog) { drain(); },
      [this](const FoundGroup& asked) {
        // It may have joined the cluster of another node meanwhile.
        if (store_.identity().cluster != persistence::ClusterId{}) return drain();
        const auto founded = store_.found(asked.cluster, replication::encode(asked.founders),
                                          replication::encode(asked.membership));
        if (!founded) return fail(founded.error());
        drain();
      },
      [this](OpenStoreAnew) {
        if (!store_.takes_writes()) {
          self_->quit(caf::make_error(caf::sec::runtime_error, "the store is opened anew"));
        }
      },
      [this](const AdmitNode& asked) { admit(asked); },
      [this](const CopyChain& asked) { copy(asked); },
      [this](const FollowLog& message) {
        journal_ = message.journal;
        self_->send(journal_, FollowsFrom{});
      },
  };
}

void LogWriter::start() {
  if (reopen_) {
    if (const auto opened = store_.reopen(); !opened) {
      if (opened.error().fault != persistence::StoreFault::no_space) {
        return ready_.deliver(store_error(opened.error()));
      }
      log(Module::store).error("there is no room to open the store anew, it is tried again");
      self_->delayed_send(self_, kOpenAgain, OpenAgain{});
      return;
    }
  }
  ready_.deliver(supervisor::Ready{});
}

void LogWriter::drain() {
  const auto& log = store_.log();
  self_->send(caf::actor_cast<caf::actor>(self_->current_sender()),
              LogDrained{log.base().member, log.applied().index, replication::hard_state_of(store_),
                         replication::membership_of(store_)});
}

void LogWriter::write(const WriteLog& asked) {
  const auto replica = caf::actor_cast<caf::actor>(self_->current_sender());
  const auto begun = runtime_->steady_clock();
  if (auto written = store_.write(replication::to_append(asked.write)); !written) {
    return fail(written.error());
  }
  runtime_->metrics->log_write.record(runtime_->steady_clock() - begun);
  self_->send(replica, LogWritten{asked.write.number});
}

void LogWriter::commit(const CommitLog& asked) {
  const auto replica = caf::actor_cast<caf::actor>(self_->current_sender());
  std::optional<std::string> membership;
  if (asked.membership) membership = replication::encode(*asked.membership);
  auto committed = store_.commit(asked.index, asked.term, membership);
  if (!committed) return fail(committed.error());
  faults::reach(faults::Point::log_before_telling);
  const bool stores = committed->stores;
  // The journal first: the replica's word on a term or a round comes after what it rests on.
  tell(std::move(*committed));
  self_->send(replica, LogApplied{asked.index, asked.term, stores});
}

void LogWriter::tell(persistence::CommittedChanges changes) {
  if (!journal_ || changes.after.sequence == changes.before.sequence) return;
  self_->send(journal_,
              Committed{std::make_shared<const persistence::CommittedChanges>(std::move(changes))});
}

void LogWriter::copy(const CopyChain& asked) {
  const auto links = caf::actor_cast<caf::actor>(self_->current_sender());
  if (store_.identity().cluster != persistence::ClusterId{})
    return self_->send(links, ChainCopied{});
  auto copied = store_.copy(*asked.chain);
  if (!copied) {
    if (!store_.takes_writes()) return fail(copied.error());
    // What another node sends is no fault of this store.
    return self_->send(links, ChainCopied{copied.error().message, false});
  }
  tell(std::move(*copied));
  const bool may_go_on = store_.has_room() && store_.keeps_up() && !is_far_behind(*runtime_);
  self_->send(links, ChainCopied{std::nullopt, may_go_on});
}

void LogWriter::admit(const AdmitNode& asked) {
  const auto links = caf::actor_cast<caf::actor>(self_->current_sender());
  auto why_not = store_.why_refused(asked.node, asked.cluster, asked.store);
  if (!why_not) return fail(why_not.error());
  bool joins = !*why_not && asked.cluster != persistence::ClusterId{} && asked.founder != 0 &&
               asked.base == store_.base();
  if (joins) {
    const auto joined =
        store_.join(asked.cluster, asked.founder,
                    replication::encode(replication::Membership{.voters = {asked.founder}}));
    if (!joined) return fail(joined.error());
    joins = *joined;
  }
  self_->send(links, NodeAdmitted{asked.number, std::move(*why_not), joins});
}

// What the group sent does not go on from what is stored here, or this program cannot read it: this
// node must not go on.
void LogWriter::fail(const persistence::StoreError& error) {
  log(Module::store).error("{}", error.message);
  const bool is_final = error.fault == persistence::StoreFault::corrupt ||
                        error.fault == persistence::StoreFault::unknown_version;
  if (is_final) runtime_->end_process(error.message);
  self_->quit(store_error(error));
}

caf::behavior log_writer(caf::event_based_actor* self, RuntimePtr runtime, bool reopen) {
  end_with_exceptions(self, kLogWriterId);
  auto state = std::make_shared<LogWriter>(self, std::move(runtime), reopen);
  self->attach_functor([state] {});
  return state->make_behavior();
}

}  // namespace sg::actors
