// The judge at work: the chain, replayed, has to explain every answer.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "persistence/store.hpp"
#include "tests/simulation/chain_image.hpp"
#include "tests/simulation/client_log.hpp"

namespace sg::test {

class Judge {
 public:
  Judge(const persistence::Store& store, const ClientLog& log)
      : store_(store), log_(log), chain_(read_chain(store, log, breaches_)) {}

  Breaches run() {
    for (const auto& complaint : log_.complaints) breaches_.push_back(complaint);
    check_verification();
    check_balances();
    check_histories();
    check_units();
    for (const auto& answer : log_.answers) check_answer(answer);
    check_absent();
    for (const auto& reading : log_.readings) check_reading(reading);
    for (const auto& listing : log_.listings) check_listing(listing);
    return std::move(breaches_);
  }

 private:
  void breach(std::string text) { breaches_.push_back(std::move(text)); }

  void check_verification();
  void check_balances();
  void check_histories();
  void check_units();
  // The names that an operation leaves in the chain: of two intents with one key, the first.
  std::vector<std::string> effects_of(const Operation& operation) const;
  // Whether the chain has the atomic batch as one unit, or its one transfer.
  bool is_committed_whole(const Operation& operation) const;
  void check_answer(const Answer& answer);
  // judge_claims.cpp
  void check_key_outcome(const Answer& answer, const Intent& intent);
  void check_sealed(const Answer& answer, const Intent& intent);
  void check_committed(const Answer& answer, const Intent& intent);
  void check_refused(const Answer& answer, const Intent& intent);
  void check_range(const Answer& answer, const Intent& intent);
  // judge_claims.cpp
  void check_reference(const Answer& answer, const Intent& intent);
  void check_not_reversed(const Answer& answer, const Intent& intent);
  void check_original_missing(const Answer& answer, const Intent& intent);
  // judge_policies.cpp
  void check_limited(const Answer& answer, const Intent& intent);
  // What the request moves on the account up to the refused item, which is included.
  ledger::WideAmount moved_through(const Answer& answer, const std::string& account) const;
  void check_absent();
  void check_reading(const Reading& reading);
  void check_listing(const Listing& listing);

  const Timeline* timeline(const std::string& account) const {
    const auto found = chain_.accounts.find(account);
    return found == chain_.accounts.end() || found->second.points.empty() ? nullptr
                                                                          : &found->second;
  }
  // Whether the account had a balance like that at a moment from `first` to `last`.
  static bool had(const Timeline& timeline, ledger::Sequence first, ledger::Sequence last,
                  const std::function<bool(ledger::Amount)>& balance);

  const persistence::Store& store_;
  const ClientLog& log_;
  Breaches breaches_;
  ChainImage chain_;
};

}  // namespace sg::test
