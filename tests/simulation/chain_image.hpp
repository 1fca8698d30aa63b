// The chain replayed on a naive model, one unit after the other.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "persistence/store.hpp"
#include "tests/simulation/client_log.hpp"
#include "tests/support/naive_policies.hpp"

namespace sg::test {

using Breaches = std::vector<std::string>;  // each is a sentence

// An account as the chain tells it.
struct Timeline {
  struct Point {
    ledger::Sequence from = 0;
    ledger::Amount balance = 0;
  };
  ledger::AccountNumber number = 0;
  ledger::Amount floor = 0;   // that it was created with
  std::vector<Point> points;  // ascending; the first is its creation
  std::vector<std::pair<ledger::Sequence, std::string>> transactions;  // with their references

  bool exists_at(ledger::Sequence sequence) const {
    return !points.empty() && points.front().from <= sequence;
  }
};

struct ChainImage {
  std::map<std::string, Timeline> accounts;
  std::map<std::string, ledger::Sequence> by_name;  // transactions and creations
  std::map<ledger::Sequence, std::string> names;
  std::map<std::string, ledger::Sequence> references;  // of the first record that has each
  // What was committed as a whole: the names of its transfers by their first sequence.
  std::map<ledger::Sequence, std::vector<std::string>> units;
  std::map<std::string, std::pair<ledger::Sequence, std::string>> keys;  // and whose they are
  // Of each transaction what is left of it by account, from the sequence on that tells of it: its
  // own, or that of a reversal.
  using Remainders = std::map<ledger::Sequence, std::map<std::string, ledger::WideAmount>>;
  std::map<ledger::Sequence, Remainders> remainders;
  std::map<std::string, ledger::Sequence> seals;  // by key
  // If policies were asked for: the ledger on a naive model, from each sequence on.
  std::map<ledger::Sequence, NaiveLedger> naive;
};

// Reads and replays; what does not fit the log, or breaks a rule, is a breach.
ChainImage read_chain(const persistence::Store& store, const ClientLog& log, Breaches& breaches);

}  // namespace sg::test
