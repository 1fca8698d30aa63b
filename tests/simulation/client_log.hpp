// What the clients asked and were told, and what of the chain was durable when: all that a judge
// needs to know beside the chain itself.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "ledger/error.hpp"
#include "ledger/ids.hpp"
#include "ledger/money.hpp"
#include "tests/support/test_submission.hpp"

namespace sg::test {

using IntentId = std::size_t;

// A change that somebody wants, once: a transfer, reversal or policy, an account, or the seal of a
// key. Its
// reference, or the account's id, names it in the chain; one whose reference others have too says
// its name in its metadata. Or the question what became of a key.
struct Intent {
  std::string name;
  std::string reference;  // empty: the name
  bool unique = false;    // its reference has to be
  std::vector<Posting> postings;
  std::string key;
  ledger::TransactionPlace reverses{};  // what it takes back: without postings all that is left
  std::optional<PolicyOrder> policy{};
  bool creates = false;
  bool asks_key = false;  // for its outcome, and nothing else
  bool seals = false;     // and wants it sealed
  ledger::Amount opening = 0;
  ledger::Amount floor = 0;
  // Durable when it was asked for the first time.
  std::optional<ledger::Sequence> first_asked;
  std::size_t attempts = 0;       // so far
  std::size_t open_attempts = 0;  // whose clients were not told anything yet
  // It was refused, and nothing that was asked since or before can have made it.
  bool must_be_absent = false;
};

inline bool reverses_all(const Intent& intent) {
  return intent.reverses.sequence != 0 && intent.postings.empty();
}
// Whether a reversal may move so much on an account, of which so much is left of the original.
inline bool can_take(ledger::WideAmount left, ledger::WideAmount amount) {
  if (left == 0) return false;
  return left > 0 ? amount <= 0 && amount >= -left : amount >= 0 && amount <= -left;
}

inline const std::string& reference_of(const Intent& intent) {
  return intent.reference.empty() ? intent.name : intent.reference;
}

// What somebody asks for in one request. An intent may stand in several of them.
struct Operation {
  std::vector<IntentId> intents;
  bool atomic = false;  // all or nothing

  friend bool operator<(const Operation& a, const Operation& b) {
    return std::tie(a.atomic, a.intents) < std::tie(b.atomic, b.intents);
  }
};

// An attempt's answer for one intent.
struct Answer {
  IntentId intent = 0;
  Operation operation;   // that it is a part of
  std::size_t item = 0;  // its place there
  bool committed = false;
  ledger::ItemResult::State state = ledger::ItemResult::State::undecided;
  ledger::Sequence sequence = 0;
  ledger::Error error;
  std::size_t attempt = 0;  // those of one request share it
  // Durable when it was asked, and when it was told.
  ledger::Sequence asked = 0;
  ledger::Sequence told = 0;
  bool healthy = false;  // asked when all faults were over
};

struct Reading {
  std::string account;
  std::optional<ledger::Amount> balance;  // nothing: there is no such account
  ledger::Sequence asked = 0;
  ledger::Sequence told = 0;
};

// The newest transactions of an account, by reference.
struct Listing {
  std::string account;
  std::vector<std::string> names;
  std::size_t limit = 0;
  ledger::Sequence asked = 0;
  ledger::Sequence told = 0;
};

struct ClientLog {
  std::vector<Intent> intents;
  std::set<Operation> operations;  // all that were ever asked for
  std::vector<Answer> answers;
  std::vector<Reading> readings;
  std::vector<Listing> listings;
  // Intents that were asked for again although they had to be absent, with what was durable then.
  std::vector<std::pair<IntentId, ledger::Sequence>> absent_until;
  std::size_t unknown = 0;
  bool has_nodes = false;               // the store that answers may be behind those of other nodes
  std::vector<std::string> complaints;  // what no client should see
};

}  // namespace sg::test
