#include "actors/indexer/indexer.hpp"

#include <algorithm>
#include <caf/allowed_unsafe_message_type.hpp>
#include <chrono>
#include <utility>

#include "actors/actor_errors.hpp"
#include "actors/unhandled.hpp"
#include "faults/fault_injection.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

// To itself, after a failure.
struct Retry {};

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::Retry)

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

using faults::Point;

namespace {

// Pages of one portion: few enough that copying them does not delay a commit.
constexpr std::size_t kPortion = 256;

// What failed is tried again after so long: reads and commits go on meanwhile.
constexpr std::chrono::seconds kRetry{1};

}  // namespace

Indexer::Indexer(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root)
    : self_(self), runtime_(std::move(runtime)), root_(std::move(root)) {}

caf::behavior Indexer::make_behavior() {
  return {
      [this](supervisor::Init) {
        subscribe(self_, root_);
        return supervisor::Ready{};
      },
      [this](supervisor::Probe) { return alive(self_); },
      [this](const supervisor::ChildUp& up) {
        if (!journal_.is_up(up)) return;
        marker_.reset();
        done();
      },
      [this](const supervisor::ChildDown& down) { journal_.is_down(down); },
      [this](const Maintain& message) {
        if (journal_.is_sender()) maintain(message);
      },
      [this](Retry) {
        journal_.send(MaintenanceDone{handle_of(self_), true});
      },
      [this](const DirtyBalances& message) {
        if (journal_.is_sender()) write_pages(message);
      },
  };
}

void Indexer::done() { journal_.send(MaintenanceDone{handle_of(self_), false}); }

void Indexer::fail(const persistence::StoreError& error) {
  log(Module::indexer).error("{}", error.message);
  marker_.reset();
  // What was taken is not written. The journal sees to it that the store is opened anew, before a
  // transfer meets that.
  if (!runtime_->store->takes_writes()) {
    return journal_.send(MaintenanceDone{handle_of(self_), true});
  }
  // As a new one would: the journal marks every balance as not written.
  self_->delayed_send(self_, kRetry, Retry{});
}

void Indexer::maintain(const Maintain& message) {
  auto indexed = runtime_->store->index_some(false);
  if (!indexed) return fail(indexed.error());
  if (!message.checkpoint) return done();
  marker_.reset();
  journal_.send(TakeDirtyBalances{true, kPortion, handle_of(self_)});
}

void Indexer::write_pages(const DirtyBalances& message) {
  auto& store = *runtime_->store;
  faults::reach(Point::indexer_before_pages);
  marker_ = std::min(marker_.value_or(message.sequence), message.sequence);
  if (!message.pages.empty()) {
    if (auto written = store.write_balances(message.pages); !written) return fail(written.error());
  }
  if (message.more) {
    journal_.send(TakeDirtyBalances{false, kPortion, handle_of(self_)});
    return;
  }
  faults::reach(Point::indexer_before_marker);
  if (auto written = store.write_checkpoint(*marker_); !written) return fail(written.error());
  faults::reach(Point::indexer_after_marker);
  runtime_->metrics->checkpoint_written_ms.set(runtime_->wall_clock());
  log(Module::indexer).debug("checkpoint at sequence {}", *marker_);
  marker_.reset();
  done();
}

caf::behavior indexer(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root) {
  end_with_exceptions(self, kIndexerId);
  auto state = std::make_shared<Indexer>(self, std::move(runtime), std::move(root));
  self->attach_functor([state] {});
  return state->make_behavior();
}

}  // namespace sg::actors
