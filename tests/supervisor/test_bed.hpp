// An actor system under the deterministic scheduler, with workers that do as they are told. Nothing
// runs until run(); time passes only in advance().
#pragma once

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/administration.hpp"
#include "supervisor/supervisor.hpp"

namespace sg::supervisor::test {

using Lines = std::vector<std::string>;

inline const caf::error crash = caf::sec::runtime_error;

// Ends a worker with this reason; an exit_msg could not carry "no error".
struct End {
  caf::error reason;
};

enum class Answer { ready, ok, ignore, error, silence, end_first, throw_in_start, ignore_in_start };

struct WorkerOptions {
  Restart restart = Restart::permanent;
  std::optional<Shutdown> shutdown{};
  // What each incarnation answers to Init; the last holds for all that follow.
  std::vector<Answer> answers{Answer::ready};
  bool ignores_shutdown = false;
  bool significant = false;
  std::optional<Backoff> backoff{};
  std::optional<Liveness> liveness{};
};

// To a worker: from here on it answers no probe, as if it hung in a handler.
struct Hang {};

class TestBed {
 public:
  TestBed();
  ~TestBed();

  ChildSpec worker(const std::string& id, WorkerOptions options = {});
  Flags flags(const std::string& name, int intensity = 1,
              std::chrono::milliseconds period = std::chrono::seconds{5});
  // Spawns a root, runs it, and watches how it ends.
  caf::actor supervise(Flags flags, std::vector<ChildSpec> specs);
  caf::actor supervise(std::vector<ChildSpec> specs) { return supervise(flags("root"), specs); }

  void run() { scheduler_->run(max_messages); }
  void run(std::size_t messages);  // at most so many, actors in turn
  void advance(std::chrono::milliseconds time);
  void end(const std::string& id, caf::error reason);  // of the worker's last incarnation
  void stop(const caf::actor& actor, caf::exit_reason reason = caf::exit_reason::user_shutdown);

  // The answer to a request, after everything has run; none if there is no answer.
  template <class Reply, class Request>
  std::shared_ptr<std::optional<Reply>> request(const caf::actor& to, Request message) {
    auto reply = std::make_shared<std::optional<Reply>>();
    system.spawn([=, this](caf::event_based_actor* self) {
      self->request(to, caf::infinite, message)
          .then([=](const Reply& value) { *reply = value; },
                [=, this](const caf::error& error) { last_error = error; });
    });
    return reply;
  }
  template <class Reply, class Request>
  std::optional<Reply> ask(const caf::actor& to, Request message) {
    auto reply = request<Reply>(to, message);
    run();
    return *reply;
  }

  std::vector<std::string> reports_of(Context context) const;  // "id: reason"
  bool is_alive(const std::string& id) const { return !ends_of.at(handles.at(id).id()); }
  std::vector<std::string> take_events() { return std::exchange(events, {}); }

  std::vector<Report> reports;
  std::vector<std::string> events;            // "+id" per start, "-id" per end of a worker
  std::map<std::string, caf::actor> handles;  // last incarnation of each worker
  std::map<std::string, int> starts;          // start functions called
  std::map<caf::actor_id, std::optional<caf::error>> ends_of;
  std::optional<caf::error> root_end;  // set when the last supervised root is down
  caf::error last_error;               // of a request

 private:
  static constexpr std::size_t max_messages = 100'000;  // a restart loop must not hang a test

  struct Config : caf::actor_system_config {
    Config();
  };

  Config config_;

 public:
  caf::actor_system system;

 private:
  caf::scheduler::test_coordinator* scheduler_;
  std::vector<caf::actor> roots_;
  std::vector<caf::actor> all_;
};

}  // namespace sg::supervisor::test

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::supervisor::test::End)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sg::supervisor::test::Hang)
