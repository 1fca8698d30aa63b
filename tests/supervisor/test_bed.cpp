#include "test_bed.hpp"

#include <algorithm>
#include <stdexcept>

namespace sg::supervisor::test {
namespace {

struct WorkerState {
  caf::response_promise unanswered;
  bool hangs = false;
};

caf::behavior worker_behavior(caf::stateful_actor<WorkerState>* self, Answer answer,
                              bool ignores_shutdown) {
  if (ignores_shutdown) self->set_exit_handler([](caf::exit_msg&) {});
  self->set_default_handler(caf::drop);
  return {
      [=](Init) -> caf::result<caf::message> {
        switch (answer) {
          case Answer::ready:
            return caf::make_message(Ready{});
          case Answer::ok:
            return caf::make_message(caf::ok_atom_v);
          case Answer::ignore:
            return caf::make_message(Ignore{});
          case Answer::error:
            return caf::make_error(caf::sec::cannot_open_file);
          case Answer::end_first:
            self->state.unanswered = self->make_response_promise();
            self->quit(caf::sec::socket_disconnected);
            return caf::delegated<caf::message>{};
          default:
            self->state.unanswered = self->make_response_promise();
            return caf::delegated<caf::message>{};
        }
      },
      [=](Probe) -> caf::result<Alive> {
        if (!self->state.hangs) return Alive{self->mailbox().size()};
        return self->make_response_promise<Alive>();
      },
      [=](Hang) { self->state.hangs = true; },
      [=](const End& end) { self->quit(end.reason); },
      [=](Ready) { self->state.unanswered.deliver(Ready{}); },  // the late answer
  };
}

}  // namespace

TestBed::Config::Config() {
  set("scheduler.policy", caf::atom("testing"));
  register_messages(*this);
}

TestBed::TestBed()
    : system(config_),
      scheduler_(dynamic_cast<caf::scheduler::test_coordinator*>(&system.scheduler())) {}

TestBed::~TestBed() {
  for (const auto& root : roots_) caf::anon_send_exit(root, caf::exit_reason::kill);
  run();
  for (const auto& actor : all_) caf::anon_send_exit(actor, caf::exit_reason::kill);
  run();
}

ChildSpec TestBed::worker(const std::string& id, WorkerOptions options) {
  auto start = [=, this](caf::event_based_actor* supervisor) -> caf::expected<caf::actor> {
    const auto nth = static_cast<std::size_t>(starts[id]++);
    const Answer answer = options.answers.at(std::min(nth, options.answers.size() - 1));
    if (answer == Answer::throw_in_start) throw std::runtime_error("no such device");
    if (answer == Answer::ignore_in_start) return make_error(Errc::ignore);
    caf::actor handle = supervisor->spawn(worker_behavior, answer, options.ignores_shutdown);
    events.push_back("+" + id);
    handles[id] = handle;
    all_.push_back(handle);
    ends_of[handle.id()] = std::nullopt;
    handle->attach_functor([=, this, actor_id = handle.id()](const caf::error& reason) {
      events.push_back("-" + id);
      ends_of[actor_id] = reason;
    });
    return handle;
  };
  return {.id = id,
          .start = start,
          .restart = options.restart,
          .shutdown = options.shutdown,
          .significant = options.significant,
          .backoff = options.backoff,
          .liveness = options.liveness};
}

Flags TestBed::flags(const std::string& name, int intensity, std::chrono::milliseconds period) {
  return {.name = name,
          .intensity = intensity,
          .period = period,
          .report = [this](const Report& report) { reports.push_back(report); }};
}

caf::actor TestBed::supervise(Flags flags, std::vector<ChildSpec> specs) {
  caf::actor root = spawn_supervisor(system, std::move(flags), std::move(specs));
  roots_.push_back(root);
  root_end.reset();
  root->attach_functor([this](const caf::error& reason) { root_end = reason; });
  run();
  return root;
}

void TestBed::run(std::size_t messages) {
  // The test_coordinator goes on with an actor as long as it has messages; one that sends itself
  // some would starve the others.
  auto& jobs = scheduler_->jobs;
  for (; messages != 0 && !jobs.empty(); --messages) {
    const caf::resumable* job = jobs.front();
    scheduler_->run_once();
    if (!jobs.empty() && jobs.front() == job)
      std::rotate(jobs.begin(), jobs.begin() + 1, jobs.end());
  }
}

void TestBed::advance(std::chrono::milliseconds time) {
  scheduler_->advance_time(time);
  run();
}

void TestBed::end(const std::string& id, caf::error reason) {
  caf::anon_send(handles.at(id), End{std::move(reason)});
  run();
}

void TestBed::stop(const caf::actor& actor, caf::exit_reason reason) {
  caf::anon_send_exit(actor, reason);
  run();
}

std::vector<std::string> TestBed::reports_of(Context context) const {
  std::vector<std::string> lines;
  for (const Report& report : reports) {
    if (report.context == context) lines.push_back(report.offender.id + ": " + report.reason);
  }
  return lines;
}

}  // namespace sg::supervisor::test
