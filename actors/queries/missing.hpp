// The errors for what does not exist, or is not told of to this caller: they are the same.
#pragma once

#include <string>

#include "ledger/error.hpp"

namespace sg::actors {

inline ledger::Error missing_account(const std::string& id) {
  return {ledger::Reason::account_not_found,
          "account " + id + " does not exist",
          {{"account_id", id}},
          ledger::Outcome::none};
}

inline ledger::Error missing_participant(const std::string& id) {
  return {ledger::Reason::participant_not_found,
          "participant " + id + " does not exist",
          {{"participant_id", id}},
          ledger::Outcome::none};
}

inline ledger::Error missing_transaction(const std::string& id) {
  return {ledger::Reason::transaction_not_found,
          "transaction " + id + " does not exist",
          {{"transaction_id", id}},
          ledger::Outcome::none};
}

}  // namespace sg::actors
