#include "actors/queries/ownership.hpp"

#include <algorithm>
#include <string>
#include <variant>

#include "actors/actor_errors.hpp"
#include "actors/queries/missing.hpp"
#include "actors/queries/reads.hpp"

namespace sg::actors {
namespace {

using ledger::Error;

class Owner {
 public:
  Owner(const persistence::Store& store, const std::string& participant)
      : store_(store), participant_(participant) {}

  std::optional<Error> refuse(const ParticipantById& ask) const { return participant(ask.id); }
  std::optional<Error> refuse(const AccountsOfParticipant& ask) const {
    return participant(ask.participant_id);
  }
  std::optional<Error> refuse(const AccountById& ask) const { return account(ask.id); }
  std::optional<Error> refuse(const BalanceOf& ask) const { return account(ask.account_id); }
  std::optional<Error> refuse(const TransactionPage& ask) const {
    if (!ask.account_id.empty()) return account(ask.account_id);
    return Error{ledger::Reason::permission_denied,
                 "a participant may list the transactions of its own accounts only: set account_id",
                 {{"field", "account_id"}},
                 ledger::Outcome::none};
  }
  std::optional<Error> refuse(const TransactionById& ask) const {
    const auto read = read_transaction(store_, ask);
    if (!read) return read.error();
    const auto is_own = touches_own(std::get<persistence::StoredTransaction>(*read));
    if (!is_own) return is_own.error();
    if (*is_own) return std::nullopt;
    return missing_transaction(ask.id);
  }
  // Asked on behalf of a write that was permitted.
  std::optional<Error> refuse(const TransactionsAt&) const { return std::nullopt; }
  std::optional<Error> refuse(const KeyOutcomeOf& ask) const {
    if (ask.state != ledger::ItemResult::State::committed) return std::nullopt;
    const auto read = store_.transaction(ask.sequence);
    if (!read) return unavailable_error(read.error());
    if (!*read) return std::nullopt;
    const auto is_own = touches_own(**read);
    if (!is_own) return is_own.error();
    if (*is_own) return std::nullopt;
    return Error{ledger::Reason::permission_denied,
                 "the key is that of a transaction of others",
                 {},
                 ledger::Outcome::none};
  }
  // Lists and sums over the whole ledger: the table of roles lets no participant get here.
  template <class Other>
  std::optional<Error> refuse(const Other&) const {
    return Error{ledger::Reason::permission_denied,
                 "a participant may read its own accounts only",
                 {},
                 ledger::Outcome::none};
  }

 private:
  std::optional<Error> participant(const std::string& id) const {
    if (id == participant_ || is_wrong(id)) return std::nullopt;
    return missing_participant(id);
  }
  std::optional<Error> account(const std::string& id) const {
    if (is_wrong(id)) return std::nullopt;
    const auto is_own = owns(id);
    if (!is_own) return is_own.error();
    if (*is_own) return std::nullopt;
    return missing_account(id);
  }
  static bool is_wrong(const std::string& id) { return ledger::check_id(id, "id").has_value(); }

  // A standalone account may have the name that an account of the participant would have: it is not
  // the participant's.
  ledger::Result<bool> owns(const std::string& id) const {
    if (!id.starts_with(participant_ + ":")) return false;
    const auto row = store_.account(id);
    if (!row) return tl::unexpected(unavailable_error(row.error()));
    return *row && (*row)->participant_id == participant_;
  }

  ledger::Result<bool> touches_own(const persistence::StoredTransaction& transaction) const {
    for (const auto& entry : transaction.entries) {
      const auto is_own = owns(entry.account_id);
      if (!is_own || *is_own) return is_own;
    }
    return false;
  }

  const persistence::Store& store_;
  const std::string& participant_;
};

}  // namespace

std::optional<Error> refuse_foreign(const persistence::Store& store, const Query& query) {
  if (query.only_participant.empty()) return std::nullopt;
  const Owner owner(store, query.only_participant);
  return std::visit([&owner](const auto& ask) { return owner.refuse(ask); }, query.ask);
}

ReadResult hide_others(const Query& query, ReadResult answer) {
  if (query.only_participant.empty() || !answer) return answer;
  auto* transaction = std::get_if<persistence::StoredTransaction>(&*answer);
  if (auto* outcome = std::get_if<KeyOutcome>(&*answer); outcome && outcome->transaction) {
    transaction = &*outcome->transaction;
  }
  if (transaction == nullptr || !transaction->policy) return answer;
  const bool is_own =
      transaction->account && transaction->account->participant_id == query.only_participant;
  if (is_own) return answer;
  transaction->policy.reset();
  transaction->account.reset();
  return answer;
}

}  // namespace sg::actors
