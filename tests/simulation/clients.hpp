// The clients: they ask for changes and read, and try again what they were not told the end of, as
// far as its key, or an answer that says "nothing changed", makes that safe.
//
// They have a few requests in flight. One may be given up and tried again, or its answer is lost on
// the way; a process that ends takes all that is in flight with it.
#pragma once

#include <caf/actor.hpp>
#include <memory>
#include <string>
#include <vector>

#include "actors/query.hpp"
#include "persistence/store.hpp"
#include "tests/simulation/client_log.hpp"
#include "tests/simulation/world.hpp"

namespace sg::test {

// A request on its way; ended once its client is told, or nobody can tell it any more.
struct Attempt {
  Operation operation;
  // By intent: no other attempt was open when this one was made; it could not be in the chain.
  std::vector<bool> alone;
  std::vector<bool> was_absent;
  // By intent: which of its attempts this one is.
  std::vector<std::size_t> ordinals;
  std::size_t number = 0;
  ledger::Sequence asked = 0;
  bool healthy = false;
  bool given_up = false;
  bool answer_is_lost = false;
  bool ended = false;
  std::weak_ptr<TestSubmission> submission;
  // The copy whose end counts: a gateway that sends a call again heeds no earlier one.
  const TestSubmission* copy = nullptr;
};
using AttemptPtr = std::shared_ptr<Attempt>;

// The ledger, as the clients reach it.
class Service {
 public:
  virtual ~Service() = default;
  virtual void submit(TestSubmissionPtr submission) = 0;
  virtual void cancel(const TestSubmissionPtr& submission) = 0;
  // May change how fresh the answer has to be. Returns the last sequence that it has to show.
  virtual ledger::Sequence ask(std::shared_ptr<actors::Query> query) = 0;
  // The last sequence that anybody may have been told.
  virtual ledger::Sequence durable() const = 0;
};

// That of one process.
class DeskService final : public Service {
 public:
  DeskService(caf::actor desk, const persistence::Store& store)
      : desk_(std::move(desk)), store_(store) {}
  void submit(TestSubmissionPtr submission) override;
  void cancel(const TestSubmissionPtr& submission) override;
  ledger::Sequence ask(std::shared_ptr<actors::Query> query) override;
  ledger::Sequence durable() const override { return store_.durable(); }

 private:
  caf::actor desk_;
  const persistence::Store& store_;
};

class Clients {
 public:
  Clients(World& world, ClientLog& log, std::vector<std::string> accounts);

  // Whom they ask from now on.
  void connect(std::shared_ptr<Service> service) { service_ = std::move(service); }
  // Connections break: what is in flight has an unknown end.
  void disconnect();
  // What is answered meanwhile reaches nobody: it comes from a process that has ended.
  void mute(bool is_mute) { is_mute_ = is_mute; }
  // The gateway answers that the outcome is unknown.
  void close(const TestSubmission& submission);
  // The gateway sends the request again: a copy, whose end counts from here on. Null if it has
  // ended.
  TestSubmissionPtr copy(const TestSubmission& submission);

  // One of them asks for something, asks again, or gives up.
  void act();
  // A write that failed ends the journal at the next one: this is that one.
  void knock();
  // All faults are over: nothing is late or lost any more.
  void behave();
  // From now on the ledger has no reason to refuse for want of a part of it.
  void expect_health() { healthy_ = true; }
  // So many more operations.
  void go_on(std::size_t operations) { may_ask_for_ = asked_for_ + operations; }
  // Asks for all that has no end yet. False when nothing was left to ask for, or is in flight.
  bool finish();

  // --- of a ledger at rest ---
  // Every change with a key is asked for once more.
  void ask_again();
  void read_all();
  // Takes all that the account has, gives it back, and asks for more than there is; the same with
  // all that it can take.
  void probe(const std::string& account, ledger::Amount balance, ledger::Amount floor);

  std::string state() const;

 private:
  bool has_room() const;
  // Asking for it twice does it once.
  bool is_idempotent(IntentId intent) const;
  bool is_idempotent(const Operation& operation) const;
  Operation new_operation();
  // An earlier one with keys, with something left out, added or moved.
  Operation changed(Operation operation);
  const std::string& pick_account();
  IntentId new_transfer(bool keyed);
  IntentId new_account();
  // Takes back something that was told committed; nullopt: nothing was yet.
  std::optional<IntentId> new_reversal(bool keyed);
  IntentId new_policy(bool keyed);
  // Asks for an account without limits but its floor, or for a ledger that need not balance: an
  // exclusive lock that is left behind stands in the way.
  void lift_limits(const std::string& account);
  // For a key that some transfer has, or will have.
  IntentId new_key_request();
  void ask(Operation operation);
  TestSubmissionPtr submission_for(const AttemptPtr& attempt);
  void move(const std::string& account, ledger::Amount amount, std::string key);
  void read(const std::string& account, bool list);
  void list_accounts();
  void verify();
  void give_up();

  void answered(const AttemptPtr& attempt, const TestSubmission& submission);
  void note(const Attempt& attempt, std::size_t item, const ledger::ItemResult& result);
  void ended_unknown(const AttemptPtr& attempt);
  void end(const AttemptPtr& attempt);
  void note_absence(const Attempt& attempt, std::size_t item, const ledger::Error& error);
  // True when it is safe, and of use, to ask again.
  bool may_ask_again(IntentId intent, const ledger::ItemResult& result) const;
  void try_again_all(const Attempt& attempt);
  void try_again(const Attempt& attempt, const std::vector<bool>& again);

  World& world_;
  ClientLog& log_;
  std::vector<std::string> accounts_;
  std::shared_ptr<Service> service_;  // null: they reach nobody
  ledger::Sequence durable_ = 0;
  std::size_t process_ = 0;  // of the process that they are connected to
  ledger::Sequence durable();
  bool is_mute_ = false;
  bool behaves_ = false;
  bool healthy_ = false;
  std::size_t attempts_ = 0;
  std::size_t asked_for_ = 0;  // operations
  std::size_t may_ask_for_ = 0;
  std::size_t created_ = 0;
  // What was told committed, of whichever kind.
  struct Done {
    ledger::TransactionPlace place;
    IntentId intent = 0;
  };
  std::vector<Done> done_;
  std::vector<Operation> all_;
  std::vector<Operation> again_;
  std::vector<AttemptPtr> open_;
};

}  // namespace sg::test
