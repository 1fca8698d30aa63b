#include "actors/forwarding/forwarder.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include "actors/unhandled.hpp"
#include "telemetry/log.hpp"

namespace sg::actors {

// --- to itself ---
struct ForwarderTick {};
// A call of another node has its results, or was dropped without.
struct RunEnded {
  replication::NodeId from = 0;
  std::uint64_t id = 0;
  std::string answer;
};

}  // namespace sg::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::ForwarderTick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::actors::RunEnded)

namespace sg::actors {

using telemetry::log;
using telemetry::Module;

using ledger::ItemResult;
using ledger::Outcome;
using ledger::Reason;
using ledger::SubmissionPtr;
using replication::Channel;
using replication::ForwardedCall;
using namespace std::chrono_literals;

namespace {

constexpr auto kTick = 20ms;
constexpr auto kLongestWait = std::chrono::hours{24};  // of a call of another node

// A call of another node. Its answer goes back by way of the forwarder.
class RemoteSubmission final : public ledger::Submission {
 public:
  RemoteSubmission(caf::actor forwarder, replication::NodeId from,
                   std::unique_ptr<ForwardedCall> call)
      : forwarder_(std::move(forwarder)), from_(from), call_(std::move(call)) {
    operation = std::move(call_->operation);
    results = std::move(call_->results);
    origin = std::move(call_->origin);
    trace = std::move(call_->trace);
    tells_replays = call_->tells_replays;
  }
  ~RemoteSubmission() override {
    if (answered()) return;
    const auto unknown = std::make_shared<const ledger::Error>(
        ledger::Error{Reason::node_unavailable,
                      "the leader restarted while it worked on this: the outcome is unknown",
                      {},
                      Outcome::unknown});
    for (auto& result : results) {
      if (result.state == ItemResult::State::refused) continue;
      result.state = ItemResult::State::refused;
      result.error = unknown;
    }
    tell();
  }

 private:
  void on_answered() override { tell(); }
  void tell() {
    if (trace) {
      telemetry::log_with(Module::forwarder, spdlog::level::debug, "ran",
                          {{"node", std::to_string(from_)},
                           {"items", std::to_string(results.size()), true},
                           {"request_id", trace->request_id},
                           {"traceparent", trace->traceparent}});
    }
    caf::anon_send(forwarder_,
                   RunEnded{from_, call_->id, replication::encode_answer(call_->id, *this)});
  }

  caf::actor forwarder_;
  replication::NodeId from_;
  std::unique_ptr<ForwardedCall> call_;
};

void fail(ledger::Submission& submission, const ledger::Error& error) {
  const auto shared = std::make_shared<const ledger::Error>(error);
  for (auto& result : submission.results) {
    if (result.state == ItemResult::State::refused) continue;
    result.state = ItemResult::State::refused;
    result.error = shared;
  }
  submission.answer();
}

bool all_have_keys(const ledger::Submission& submission) {
  const auto transfers = submission.transfers();
  return !transfers.empty() && std::all_of(transfers.begin(), transfers.end(), [](const auto& one) {
    return !one.idempotency_key.empty();
  });
}

bool is_away(const ledger::Error& error) {
  return error.reason == Reason::journal_unavailable || error.reason == Reason::node_unavailable ||
         error.reason == Reason::shard_unavailable;
}

// Whether the answer says of every item that somebody was away. Then it may be sent again if
// nothing was carried out, or if all have keys.
bool says_away(const replication::CallAnswer& answer, bool& may_have_run) {
  bool any = false;
  for (const auto& result : answer.results) {
    if (result.state == ItemResult::State::undecided) continue;
    if (!result.error || !is_away(*result.error)) return false;
    may_have_run = may_have_run || result.error->outcome == Outcome::unknown;
    any = true;
  }
  return any;
}

}  // namespace

Forwarder::Forwarder(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root)
    : self_(self),
      runtime_(std::move(runtime)),
      root_(std::move(root)),
      coordinator_(self_, kCoordinatorId),
      links_(self_, kLinksId),
      replica_(self_, kReplicaId),
      calls_((std::uint64_t{std::random_device{}()} << 31) ^ std::random_device{}()) {}

caf::behavior Forwarder::make_behavior() {
  return {
      [this](supervisor::Init) {
        subscribe(self_, root_);
        self_->delayed_send(self_, kTick, ForwarderTick{});
        return supervisor::Ready{};
      },
      [this](supervisor::Probe) { return alive(self_); },
      [this](const supervisor::ChildUp& up) {
        if (coordinator_.is_up(up)) coordinator_.send(FollowService{handle_of(self_)});
        if (links_.is_up(up)) links_.send(FollowLinks{handle_of(self_)});
        if (replica_.is_up(up)) replica_.send(FollowRole{handle_of(self_)});
      },
      [this](const supervisor::ChildDown& down) {
        if (coordinator_.is_down(down)) serves_term_ = 0;
        if (links_.is_down(down)) {
          up_.clear();
          lose([](const Sent&) { return true; });
        }
        if (replica_.is_down(down)) leader_ = 0;
        route();
      },
      [this](ForwarderTick) {
        self_->delayed_send(self_, kTick, ForwarderTick{});
        expire();
        look_at_moves();
        route();
      },
      [this](const FollowRoute& message) {
        gateway_ = message.follower;
        told_ = {};
        route();
      },
      [this](const ServesTerm& message) {
        if (message.coordinator != coordinator_.handle()) return;
        serves_term_ = message.term;
        route();
      },
      [this](const RoleChanged& message) {
        const bool is_new = message.term > term_ && message.leader != 0;
        term_ = message.term;
        leader_ = message.leader;
        // What has keys need not wait for a leader that may be gone.
        if (is_new)
          lose([this](const Sent& sent) { return sent.call.is_keyed && sent.term < term_; });
        route();
      },
      [this](const LinkUp& message) {
        up_.insert(message.node);
        route();
      },
      [this](const LinkDown& message) {
        // Either direction may have ended: until the next LinkUp nothing is sent.
        up_.erase(message.node);
        lose([&](const Sent& sent) { return sent.to == message.node; });
        std::erase_if(running_, [&](const auto& one) { return one.first.first == message.node; });
        links_.send(FollowLinks{handle_of(self_)});
      },
      [this](const CallsArrived& message) { arrived(message); },
      [this](const RunEnded& message) {
        // Its node may have sent it again, over a new link: then nobody waits for this answer.
        if (running_.erase({message.from, message.id}) > 0) reply(message.from, message.answer);
      },
      [this](const Submit& message) {
        for (const auto& submission : message.submissions) take(submission);
        route();
      },
      [this](const Cancel& message) { cancel(message.submission); },
      [this](InitCluster) { return init(); },
      [this](DescribeCluster) { return describe(); },
      [this](const MoveLeadership& message) { return move_leadership(message.to); },
  };
}

// What an earlier attempt with a key has done is not known here either.
Outcome Forwarder::outcome_of(const Waiting& call) {
  const bool is_unknown = call.may_have_run || ledger::has_any_key(*call.submission);
  return is_unknown ? Outcome::unknown : Outcome::none;
}

bool Forwarder::leads_here() const {
  return coordinator_ && serves_term_ != 0 && serves_term_ == term_ &&
         leader_ == runtime_->settings.cluster.node_id;
}

bool Forwarder::can_send() const {
  return leader_ != 0 && leader_ != runtime_->settings.cluster.node_id && up_.contains(leader_);
}

void Forwarder::take(const SubmissionPtr& submission) {
  const auto longest = runtime_->steady_clock() + runtime_->settings.ledger.lock_timeout;
  const auto until =
      submission->deadline == ledger::SteadyTime::max() ? longest : submission->deadline;
  waiting_.push_back({submission, until, all_have_keys(*submission), false});
}

void Forwarder::route() {
  const RouteChanged now{leads_here() ? coordinator_.handle() : handle_of(self_),
                         leads_here() || can_send()};
  if (gateway_ && (told_.writes != now.writes || told_.has_leader != now.has_leader)) {
    told_ = now;
    caf::anon_send(gateway_, now);
  }
  if (waiting_.empty() || !now.has_leader) return;
  const auto time = runtime_->steady_clock();
  std::vector<Waiting> calls;
  std::deque<Waiting> later;
  for (auto& call : waiting_) {
    if (call.not_before > time) {
      later.push_back(std::move(call));
    } else {
      calls.push_back(std::move(call));
    }
  }
  waiting_ = std::move(later);
  if (calls.empty()) return;
  if (!leads_here()) return send(std::move(calls));
  std::vector<SubmissionPtr> here;
  for (auto& call : calls) here.push_back(std::move(call.submission));
  coordinator_.send(Submit{std::move(here)});
}

void Forwarder::send(std::vector<Waiting> calls) {
  SendTo out{leader_, Channel::calls, {}};
  const auto now = runtime_->steady_clock();
  for (auto& call : calls) {
    auto left = 0ms;  // the caller waits for ever
    if (call.submission->deadline != ledger::SteadyTime::max()) {
      left = std::max(1ms, std::chrono::duration_cast<std::chrono::milliseconds>(
                               call.submission->deadline - now));
    }
    out.messages.push_back(std::make_shared<const std::string>(
        replication::encode_call(++calls_, term_, left, *call.submission)));
    sent_.emplace(calls_, Sent{std::move(call), leader_, term_});
  }
  links_.send(std::move(out));
}

void Forwarder::cancel(const SubmissionPtr& submission) {
  const auto waits = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& call) {
    return call.submission == submission;
  });
  if (waits != waiting_.end()) {
    fail(*submission, {Reason::cancelled, "the caller has cancelled", {}, outcome_of(*waits)});
    waiting_.erase(waits);
    return;
  }
  for (const auto& [id, sent] : sent_) {
    if (sent.call.submission != submission) continue;
    links_.send(SendTo{sent.to,
                       Channel::calls,
                       {std::make_shared<const std::string>(replication::encode_cancel(id))}});
    return;
  }
  // It was handed on before this node lost its office, or found another.
  coordinator_.send(Cancel{submission});
}

template <class Lost>
void Forwarder::lose(Lost is_lost) {
  for (auto sent = sent_.begin(); sent != sent_.end();) {
    if (!is_lost(sent->second)) {
      ++sent;
      continue;
    }
    auto call = std::move(sent->second.call);
    sent = sent_.erase(sent);
    if (call.is_keyed) {
      call.may_have_run = true;
      waiting_.push_back(std::move(call));
      continue;
    }
    fail(*call.submission,
         {Reason::node_unavailable,
          "the connection to the leader ended before its answer came: the outcome is unknown",
          {},
          Outcome::unknown});
  }
}

void Forwarder::expire() {
  const auto now = runtime_->steady_clock();
  for (auto call = waiting_.begin(); call != waiting_.end();) {
    if (call->until > now && !call->submission->cancelled) {
      ++call;
      continue;
    }
    const auto outcome = outcome_of(*call);
    fail(*call->submission,
         {Reason::node_unavailable,
          outcome == Outcome::unknown
              ? "no leader was found in time: the outcome is unknown, try again with the same key"
              : "no leader was found in time: nothing changed, try again or ask another node",
          {},
          outcome});
    call = waiting_.erase(call);
  }
}

void Forwarder::answered(replication::CallAnswer answer) {
  const auto found = sent_.find(answer.id);
  if (found == sent_.end()) return;  // it was sent again, or given up
  auto call = std::move(found->second.call);
  sent_.erase(found);
  auto& submission = *call.submission;
  bool may_have_run = call.may_have_run;
  if (says_away(answer, may_have_run) && (call.is_keyed || !may_have_run)) {
    call.may_have_run = may_have_run;
    call.not_before = runtime_->steady_clock() + kTick;
    waiting_.push_back(std::move(call));
    return;
  }
  if (answer.results.size() != submission.results.size()) {
    return fail(submission,
                {Reason::internal, "the leader's answer is to another call", {}, Outcome::unknown});
  }
  submission.observed = answer.observed;
  for (std::size_t i = 0; i < answer.results.size(); ++i) {
    auto& result = submission.results[i];
    if (result.state == ItemResult::State::refused) continue;  // it was, before it was sent
    result = std::move(answer.results[i]);
    if (result.state != ItemResult::State::undecided) continue;
    result.state = ItemResult::State::refused;
    result.error = std::make_shared<const ledger::Error>(ledger::Error{
        Reason::internal, "the leader's answer leaves this out", {}, Outcome::unknown});
  }
  submission.answer();
}

void Forwarder::rejected(std::uint64_t id) {
  const auto found = sent_.find(id);
  if (found == sent_.end()) return;
  found->second.call.not_before = runtime_->steady_clock() + kTick;
  waiting_.push_back(std::move(found->second.call));
  sent_.erase(found);
}

void Forwarder::arrived(const CallsArrived& message) {
  std::vector<SubmissionPtr> ready;
  for (const auto& bytes : message.messages) {
    auto decoded = replication::decode_call_message(bytes);
    if (!decoded) {
      log(Module::forwarder).error("node {} sends a call that does not decode", message.from);
      continue;
    }
    if (auto* call = std::get_if<std::unique_ptr<ForwardedCall>>(&*decoded)) {
      run(message.from, std::move(*call), ready);
    } else if (auto* answer = std::get_if<replication::CallAnswer>(&*decoded)) {
      answered(std::move(*answer));
    } else if (const auto* rejection = std::get_if<replication::RejectedCall>(&*decoded)) {
      rejected(rejection->id);
    } else {
      const auto& cancelled = std::get<replication::CancelledCall>(*decoded);
      const auto found = running_.find({message.from, cancelled.id});
      const auto submission = found == running_.end() ? nullptr : found->second.lock();
      if (!submission) continue;
      submission->cancelled = true;
      coordinator_.send(Cancel{submission});
    }
  }
  if (!ready.empty()) coordinator_.send(Submit{std::move(ready), serves_term_});
  route();
}

void Forwarder::run(NodeId from, std::unique_ptr<ForwardedCall> call,
                    std::vector<SubmissionPtr>& ready) {
  const auto id = call->id;
  // The sender may know a moment before this node that all nodes know commands.
  const bool is_command =
      !call->details.empty() || std::holds_alternative<ledger::KeyRequest>(call->operation);
  const bool is_known = !is_command || runtime_->member->knows_commands();
  if (!leads_here() || call->term != serves_term_ || !is_known) {
    return reply(from, replication::encode_rejection(id));
  }
  const auto left = std::min<std::chrono::milliseconds>(call->left, kLongestWait);
  auto submission = std::make_shared<RemoteSubmission>(handle_of(self_), from, std::move(call));
  if (left > 0ms) submission->deadline = runtime_->steady_clock() + left;
  running_[{from, id}] = submission;
  ready.push_back(std::move(submission));
}

void Forwarder::reply(NodeId to, std::string bytes) {
  links_.send(SendTo{to, Channel::calls, {std::make_shared<const std::string>(std::move(bytes))}});
}

caf::behavior forwarder(caf::event_based_actor* self, RuntimePtr runtime, caf::actor root) {
  end_with_exceptions(self, kForwarderId);
  auto state = std::make_shared<Forwarder>(self, std::move(runtime), std::move(root));
  self->attach_functor([state] {});
  return state->make_behavior();
}

}  // namespace sg::actors
