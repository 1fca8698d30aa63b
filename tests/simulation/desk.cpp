#include "tests/simulation/desk.hpp"

#include <memory>

#include "actors/children.hpp"
#include "actors/coordinator/messages.hpp"
#include "actors/queries/messages.hpp"
#include "supervisor/messages.hpp"
#include "tests/support/test_submission.hpp"

namespace sg::test {
namespace {

// Lives as long as the submission, as a place of the gateway lives as long as its call.
struct Admitted {
  std::shared_ptr<actors::Admissions> admissions;
  actors::Admissions::Place place;
};

void refuse(TestSubmission& submission) {
  const auto overloaded = std::make_shared<const ledger::Error>(
      ledger::Error{ledger::Reason::overloaded, "too much in flight", {}, ledger::Outcome::none});
  for (auto& result : submission.results) {
    result.state = ledger::ItemResult::State::refused;
    result.error = overloaded;
  }
  submission.answer();
}

// False, and it is refused, when there is no place for it.
bool admit(TestSubmission& submission, const std::shared_ptr<actors::Admissions>& admissions) {
  auto place = admissions->admit(submission.items());
  if (!place) {
    refuse(submission);
    return false;
  }
  submission.place = std::make_shared<Admitted>(Admitted{admissions, std::move(*place)});
  return true;
}

}  // namespace

caf::behavior desk_actor(caf::event_based_actor* self, caf::actor root,
                         std::shared_ptr<actors::Admissions> admissions) {
  struct Known {
    caf::actor coordinator;
    caf::actor queries;
  };
  auto known = std::make_shared<Known>();
  const auto note = [known](const std::string& id, const caf::actor& handle) {
    if (id == actors::kCoordinatorId) known->coordinator = handle;
    if (id == actors::kQueriesId) known->queries = handle;
  };
  return {
      [self, root](supervisor::Init) {
        actors::subscribe(self, root);
        return supervisor::Ready{};
      },
      [note](const supervisor::ChildUp& up) { note(up.id, up.handle); },
      [note](const supervisor::ChildDown& down) { note(down.id, nullptr); },
      // What nobody takes is dropped: its caller is told that the outcome is unknown.
      [known, admissions](const actors::Submit& message) {
        for (const auto& submission : message.submissions) {
          if (!admit(dynamic_cast<TestSubmission&>(*submission), admissions)) return;
        }
        if (known->coordinator) caf::anon_send(known->coordinator, message);
      },
      [known](const actors::Cancel& message) {
        if (known->coordinator) caf::anon_send(known->coordinator, message);
      },
      [known](const actors::AnswerQueries& message) {
        if (known->queries) caf::anon_send(known->queries, message);
      },
  };
}

}  // namespace sg::test
