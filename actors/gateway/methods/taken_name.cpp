#include "actors/gateway/methods/taken_name.hpp"

#include "actors/query.hpp"

namespace sg::actors {
namespace {

// Carries the error back to the gateway's thread.
class Refused final : public UnaryCompletion {
 public:
  explicit Refused(ledger::Error error) : error_(std::move(error)) {}
  void respond(UnaryCall& call) override { call.fail(error_); }

 private:
  ledger::Error error_;
};

// Reads the existing account. Any end of the query, even a failure, answers the call with the
// error.
class TakenName final : public Query {
 public:
  TakenName(UnaryCall& call, const ledger::NewAccount& account, ledger::Error error)
      : inbox_(call.server().inbox()), call_(call.id()), error_(std::move(error)) {
    ask = AccountById{account.id};
  }
  // Dropped without an answer: the error stands as it is.
  ~TakenName() override {
    if (!answered()) tell();
  }

 private:
  void on_answered() override {
    const auto* found = result ? std::get_if<AccountView>(&*result) : nullptr;
    if (found != nullptr && found->account.participant_id.empty()) {
      error_.message += ": a standalone account, made by CreateAccount, has the name";
    }
    tell();
  }
  void tell() { inbox_->post({call_, 0, std::make_shared<Refused>(error_)}); }

  InboxPtr inbox_;
  std::uint64_t call_;
  ledger::Error error_;
};

}  // namespace

void fail_taken(UnaryCall& call, const ledger::NewAccount& account, const ledger::Error& error) {
  call.ask(std::make_shared<TakenName>(call, account, error), error);
}

}  // namespace sg::actors
