#include "tests/simulation/clients.hpp"

#include <algorithm>
#include <utility>

#include "actors/coordinator/messages.hpp"
#include "actors/queries/messages.hpp"

namespace sg::test {
namespace {

using ledger::Code;
using ledger::ItemResult;
using ledger::Outcome;

// One read of so many is a verification.
constexpr std::uint64_t kReadsOfVerification = 40;

// The answer stands; the others tell to try again.
bool is_final(const ledger::Error& error) {
  const auto code = code_of(error.reason);
  return code != Code::unavailable && code != Code::resource_exhausted && code != Code::cancelled &&
         code != Code::deadline_exceeded && error.outcome == Outcome::none;
}

}  // namespace

Clients::Clients(World& world, ClientLog& log, std::vector<std::string> accounts)
    : world_(world),
      log_(log),
      accounts_(std::move(accounts)),
      may_ask_for_(world.scenario.workload.operations) {}

void DeskService::submit(TestSubmissionPtr submission) {
  caf::anon_send(desk_, actors::Submit{{std::move(submission)}});
}

void DeskService::cancel(const TestSubmissionPtr& submission) {
  caf::anon_send(desk_, actors::Cancel{submission});
}

ledger::Sequence DeskService::ask(std::shared_ptr<actors::Query> query) {
  caf::anon_send(desk_, actors::AnswerQueries{{std::move(query)}});
  return store_.durable();
}

void Clients::close(const TestSubmission& submission) {
  for (const auto& attempt : std::vector<AttemptPtr>(open_)) {
    if (attempt->copy == &submission) ended_unknown(attempt);
  }
}

TestSubmissionPtr Clients::copy(const TestSubmission& submission) {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const AttemptPtr& attempt) {
    return attempt->copy == &submission;
  });
  if (found == open_.end()) return nullptr;
  auto again = submission_for(*found);
  again->cancelled = submission.cancelled.load();
  again->deadline = submission.deadline;
  return again;
}

void Clients::disconnect() {
  durable();
  ++process_;
  service_ = nullptr;
  for (const auto& attempt : std::vector<AttemptPtr>(open_)) ended_unknown(attempt);
}

ledger::Sequence Clients::durable() {
  if (service_) durable_ = std::max(durable_, service_->durable());
  return durable_;
}

bool Clients::has_room() const {
  const auto& w = world_.scenario.workload;
  return open_.size() < w.clients * w.outstanding;
}

void Clients::act() {
  if (!service_) return;
  auto& random = world_.random;
  const auto& w = world_.scenario.workload;
  if (random.chance(w.give_up)) return give_up();
  if (!has_room()) return;
  if (random.chance(w.read)) {
    if (random.below(kReadsOfVerification) == 0) return verify();
    if (random.chance(w.list)) return list_accounts();
    return read(random.pick(accounts_), random.below(3) == 0);
  }
  if (!again_.empty() && random.below(2) == 0) {
    const auto index = random.below(again_.size());
    auto operation = std::move(again_[index]);
    again_.erase(again_.begin() + static_cast<std::ptrdiff_t>(index));
    return ask(std::move(operation));
  }
  if (asked_for_ >= may_ask_for_) return;
  ++asked_for_;
  if (!all_.empty() && random.chance(w.duplicate)) {
    const auto& operation = random.pick(all_);
    if (is_idempotent(operation)) {
      const auto& first = log_.intents[operation.intents.front()];
      if (first.creates || first.asks_key || random.below(3) > 0) {
        return ask(operation);
      }
      all_.push_back(changed(operation));
      return ask(all_.back());
    }
  }
  auto operation = new_operation();
  all_.push_back(operation);
  ask(std::move(operation));
}

TestSubmissionPtr Clients::submission_for(const AttemptPtr& attempt) {
  const auto told = [this, attempt](TestSubmission* submission) {
    const bool is_lost = !submission->answered() && attempt->copy == submission;
    delete submission;
    if (is_lost) ended_unknown(attempt);
  };
  const auto& first = log_.intents[attempt->operation.intents.front()];
  TestSubmissionPtr submission;
  if (first.creates) {
    ledger::NewAccount account;
    account.id = first.name;
    account.initial_balance = first.opening;
    account.floor = first.floor;
    submission = TestSubmissionPtr(new TestSubmission(std::move(account)), told);
  } else if (first.asks_key) {
    submission = TestSubmissionPtr(new TestSubmission(first.key, first.seals), told);
    submission->stamp_keys(persistence::stamp);
  } else {
    std::vector<Order> orders;
    for (const auto id : attempt->operation.intents) {
      const auto& intent = log_.intents[id];
      orders.push_back({intent.postings, intent.key, reference_of(intent), intent.unique, {}});
      orders.back().reverses = intent.reverses;
      orders.back().policy = intent.policy;
      if (!intent.reference.empty()) orders.back().metadata = {{"name", intent.name}};
    }
    const auto all = attempt->operation.atomic ? Atomic::yes : Atomic::no;
    submission = TestSubmissionPtr(new TestSubmission(std::move(orders), all), told);
    submission->stamp_keys(persistence::stamp);
  }
  submission->when_answered = [this, attempt](TestSubmission& s) {
    if (attempt->copy != &s) return;
    is_mute_ ? ended_unknown(attempt) : answered(attempt, s);
  };
  attempt->submission = submission;
  attempt->copy = submission.get();
  return submission;
}

void Clients::ask(Operation operation) {
  auto& random = world_.random;
  const auto& w = world_.scenario.workload;
  auto attempt = std::make_shared<Attempt>();
  attempt->number = ++attempts_;
  attempt->asked = durable();
  attempt->healthy = healthy_;
  for (const auto id : operation.intents) {
    auto& intent = log_.intents[id];
    attempt->alone.push_back(intent.open_attempts == 0);
    attempt->was_absent.push_back(!intent.first_asked || intent.must_be_absent);
    if (std::exchange(intent.must_be_absent, false)) {
      log_.absent_until.emplace_back(id, attempt->asked);
    }
    ++intent.open_attempts;
    attempt->ordinals.push_back(++intent.attempts);
    if (!intent.first_asked) intent.first_asked = attempt->asked;
  }
  attempt->operation = std::move(operation);
  log_.operations.insert(attempt->operation);
  open_.push_back(attempt);
  const auto submission = submission_for(attempt);
  if (!behaves_) {
    attempt->answer_is_lost = random.chance(w.lost);
    if (random.chance(w.deadline)) {
      submission->deadline = world_.steady + std::chrono::milliseconds(random.between(0, 50));
    }
  }
  world_.trace.say([&] {
    return "ask for " + log_.intents[attempt->operation.intents.front()].name + " and " +
           std::to_string(attempt->operation.intents.size() - 1) + " more";
  });
  if (service_) service_->submit(submission);
}

void Clients::give_up() {
  if (open_.empty()) return;
  const auto attempt = world_.random.pick(open_);
  const auto submission = attempt->submission.lock();
  if (!submission || attempt->given_up) return;
  attempt->given_up = true;
  submission->cancelled = true;
  if (service_) service_->cancel(submission);
  // It does not wait for the end of the first attempt.
  try_again_all(*attempt);
}

void Clients::end(const AttemptPtr& attempt) {
  if (std::exchange(attempt->ended, true)) return;
  for (const auto id : attempt->operation.intents) --log_.intents[id].open_attempts;
  // It keeps the submission's deleter, which keeps the attempt.
  attempt->submission.reset();
  std::erase(open_, attempt);
}

void Clients::ended_unknown(const AttemptPtr& attempt) {
  if (attempt->ended) return;
  end(attempt);
  ++log_.unknown;
  world_.trace.mix("unknown");
  if (attempt->given_up) return;
  if (attempt->healthy) {
    log_.complaints.push_back("a ledger without a fault lost " +
                              log_.intents[attempt->operation.intents.front()].name);
  }
  try_again_all(*attempt);
}

void Clients::answered(const AttemptPtr& attempt, const TestSubmission& submission) {
  if (submission.answers > 1) log_.complaints.push_back("a request was answered twice");
  if (attempt->ended) return;
  end(attempt);
  if (attempt->given_up) return;
  std::vector<bool> again;
  for (std::size_t i = 0; i < submission.results.size(); ++i) {
    const auto& result = submission.results[i];
    const bool lost = attempt->answer_is_lost;
    if (!lost) note(*attempt, i, result);
    const auto intent = attempt->operation.intents[i];
    again.push_back(lost ? is_idempotent(intent) : may_ask_again(intent, result));
  }
  try_again(*attempt, again);
}

void Clients::note(const Attempt& attempt, std::size_t item, const ItemResult& result) {
  Answer answer;
  answer.intent = attempt.operation.intents[item];
  answer.committed = result.state == ItemResult::State::committed;
  answer.state = result.state;
  if (answer.committed) done_.push_back({{result.time, result.sequence}, answer.intent});
  answer.sequence = result.sequence;
  answer.operation = attempt.operation;
  answer.item = item;
  answer.attempt = attempt.number;
  answer.asked = attempt.asked;
  answer.told = durable();
  answer.healthy = attempt.healthy;
  if (result.error) {
    answer.error = *result.error;
    note_absence(attempt, item, answer.error);
  }
  world_.trace.mix(answer.sequence);
  world_.trace.say([&] {
    return "  told of " + log_.intents[answer.intent].name + ": " +
           (!result.error
                ? "state " + std::to_string(static_cast<int>(answer.state)) + " at " +
                      std::to_string(answer.sequence)
                : std::string(to_string(answer.error.reason)) + ", " + answer.error.message);
  });
  log_.answers.push_back(std::move(answer));
}

void Clients::note_absence(const Attempt& attempt, std::size_t item, const ledger::Error& error) {
  if (error.outcome != Outcome::none || !attempt.alone[item]) return;
  auto& intent = log_.intents[attempt.operation.intents[item]];
  // It was asked for again meanwhile: what that became is another matter.
  if (intent.open_attempts > 0) return;
  // That a batch is refused for its shape, or another's sake, says nothing of earlier requests.
  const bool tells = error.reason != ledger::Reason::idempotency_mismatch &&
                     error.reason != ledger::Reason::reference_exists &&
                     error.reason != ledger::Reason::batch_aborted;
  // Another attempt, made since, may have committed it, and a commit may be told before a refusal
  // that was decided earlier.
  const bool is_last = intent.attempts == attempt.ordinals[item];
  const bool is_decided = tells && is_final(error) && is_last;
  intent.must_be_absent = is_decided || (attempt.was_absent[item] && is_last);
}

bool Clients::is_idempotent(IntentId intent) const {
  const auto& asked = log_.intents[intent];
  return asked.creates || !asked.key.empty() || asked.unique;
}

bool Clients::is_idempotent(const Operation& operation) const {
  return std::all_of(operation.intents.begin(), operation.intents.end(),
                     [this](IntentId intent) { return is_idempotent(intent); });
}

bool Clients::may_ask_again(IntentId intent, const ItemResult& result) const {
  if (result.state == ItemResult::State::committed || !result.error) return false;
  if (is_final(*result.error)) return false;
  // Some node may never get the program that it takes.
  if (result.error->reason == ledger::Reason::cluster_upgrading) return false;
  return is_idempotent(intent) || result.error->outcome == Outcome::none;
}

void Clients::try_again(const Attempt& attempt, const std::vector<bool>& again) {
  if (std::none_of(again.begin(), again.end(), [](bool b) { return b; })) return;
  if (attempt.operation.atomic) {
    // All of it, or nothing: with a part that has no key it would be done twice.
    if (std::all_of(again.begin(), again.end(), [](bool b) { return b; })) {
      again_.push_back(attempt.operation);
    }
    return;
  }
  Operation rest;
  for (std::size_t i = 0; i < again.size(); ++i) {
    if (again[i]) rest.intents.push_back(attempt.operation.intents[i]);
  }
  again_.push_back(std::move(rest));
}

// Of none of it is the end known.
void Clients::try_again_all(const Attempt& attempt) {
  std::vector<bool> again;
  for (const auto id : attempt.operation.intents) again.push_back(is_idempotent(id));
  try_again(attempt, again);
}

void Clients::behave() { behaves_ = true; }

bool Clients::finish() {
  for (auto& operation : std::exchange(again_, {})) ask(std::move(operation));
  return !open_.empty();
}

void Clients::move(const std::string& account, ledger::Amount amount, std::string key) {
  Intent intent;
  intent.name = "t" + std::to_string(log_.intents.size());
  intent.key = std::move(key);
  intent.postings.push_back({account, amount});
  log_.intents.push_back(std::move(intent));
  ask({{log_.intents.size() - 1}, false});
}

void Clients::knock() { move(accounts_.front(), -1, "knock"); }

void Clients::ask_again() {
  for (const auto& operation : std::vector<Operation>(all_)) {
    if (is_idempotent(operation)) ask(operation);
  }
}

void Clients::lift_limits(const std::string& account) {
  Intent intent;
  intent.name = "lift " + std::to_string(log_.intents.size());
  auto& policy = intent.policy.emplace(PolicyOrder{account});
  if (account.empty()) {
    policy.change.require_balanced = false;
  } else {
    policy.change.clear_ceiling = true;
    policy.change.debits_frozen = policy.change.credits_frozen = false;
    policy.change.status = ledger::AccountStatus::open;
  }
  log_.intents.push_back(std::move(intent));
  ask({{log_.intents.size() - 1}, false});
}

void Clients::probe(const std::string& account, ledger::Amount balance, ledger::Amount floor) {
  if (world_.scenario.workload.policies > 0) {
    lift_limits({});
    lift_limits(account);
  }
  const auto wide = static_cast<ledger::WideAmount>(balance) - floor;
  if (wide < ledger::kMaxAmount) {
    const auto available = static_cast<ledger::Amount>(wide);
    if (available > 0) {
      move(account, -available, {});
      move(account, available, {});
    }
    move(account, -available - 1, {});
  }
  if (balance <= 0) return;
  const auto room = static_cast<ledger::Amount>(ledger::kMaxAmount) - balance;
  if (room > 0) {
    move(account, room, {});
    move(account, -room, {});
  }
  move(account, room + 1, {});
}

std::string Clients::state() const {
  std::string text = std::to_string(open_.size()) + " requests are open";
  for (const auto& attempt : open_) {
    text += ", " + log_.intents[attempt->operation.intents.front()].name;
  }
  return text;
}

}  // namespace sg::test
