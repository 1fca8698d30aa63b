// A submission that owns its texts, as a request of the gateway does, and notes its answer.
//
//   auto s = transfer({{"alice", -5}, {"bob", 5}}, "key-1");
//   auto batch = transfers({{{{"alice", -5}}}, {{{"bob", 5}}}}, Atomic::yes);
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/submission.hpp"

namespace sg::test {

struct Posting {
  std::string account;
  ledger::Amount amount = 0;
};

// As ledger::PolicyChange, with texts of its own.
struct PolicyOrder {
  std::string account;  // empty: the whole ledger
  std::string sweep_to{};
  ledger::PolicyChange change{};  // without texts

  ledger::PolicyChange view() const {
    auto whole = change;
    whole.account_id = account;
    whole.sweep_to = sweep_to;
    return whole;
  }
};

struct Order {
  std::vector<Posting> postings;
  std::string key;
  std::string reference;
  bool unique_reference = false;
  std::vector<std::pair<std::string, std::string>> metadata{};  // by key
  ledger::TransactionPlace reverses{};  // sequence 0: nothing; without postings all that is left
  std::optional<PolicyOrder> policy{};
};

enum class Atomic : bool { no, yes };

class TestSubmission final : public ledger::Submission {
 public:
  explicit TestSubmission(std::vector<Order> orders, Atomic all = Atomic::no)
      : orders_(std::move(orders)), entries_(orders_.size()), details_(orders_.size()) {
    auto& batch = operation.emplace<ledger::TransferBatch>();
    batch.atomic = all == Atomic::yes;
    for (std::size_t i = 0; i < orders_.size(); ++i) {
      for (const auto& [account, amount] : orders_[i].postings) {
        entries_[i].push_back({account, amount});
      }
      details_[i].unique_reference = orders_[i].unique_reference;
      details_[i].reverses = orders_[i].reverses;
      const bool reverses = orders_[i].reverses.sequence != 0;
      details_[i].reverses_all = reverses && orders_[i].postings.empty();
      if (const auto& policy = orders_[i].policy) {
        details_[i].policy = policy->view();
        for (const auto* id : {&policy->account, &policy->sweep_to}) {
          if (!id->empty()) entries_[i].push_back({*id, 0});
        }
      }
      for (const auto& [key, value] : orders_[i].metadata) {
        details_[i].metadata.emplace_back(key, value);
      }
      batch.transfers.push_back({.kind = orders_[i].policy ? ledger::TransferKind::policy
                                         : reverses        ? ledger::TransferKind::reversal
                                                           : ledger::TransferKind::transfer,
                                 .entries = entries_[i],
                                 .reference = orders_[i].reference,
                                 .idempotency_key = orders_[i].key,
                                 .details = details_[i].empty() ? nullptr : &details_[i]});
    }
    results.resize(orders_.size());
  }
  explicit TestSubmission(ledger::NewAccount account) {
    operation = std::move(account);
    results.resize(1);
  }
  explicit TestSubmission(ledger::NewParticipant participant) {
    operation = std::move(participant);
    results.resize(1);
  }

  // A request for a key.
  TestSubmission(std::string key, bool seals) {
    orders_.push_back({{}, std::move(key), {}});
    ledger::KeyRequest asked{{}, seals};
    asked.key_alone.idempotency_key = orders_.front().key;
    operation = asked;
    results.resize(1);
  }

  const std::vector<Order>& orders() const { return orders_; }
  // Lets `stamp` write the hashes of the keys, as the gateway does.
  template <class Stamp>
  void stamp_keys(const Stamp& stamp) {
    if (auto* batch = std::get_if<ledger::TransferBatch>(&operation)) {
      for (auto& transfer : batch->transfers) stamp(transfer);
    } else if (auto* asked = std::get_if<ledger::KeyRequest>(&operation)) {
      stamp(asked->key_alone);
    }
  }

  std::function<void(TestSubmission&)> when_answered;
  int answers = 0;
  bool lost = false;  // its coordinator crashed: the caller is told "unknown"
  // What its gateway gave it, given back with it.
  std::shared_ptr<void> place;
  // When it was handed in.
  ledger::Sequence durable = 0;
  ledger::Sequence sequenced = 0;

 private:
  void on_answered() override {
    ++answers;
    if (when_answered) when_answered(*this);
  }

  std::vector<Order> orders_;
  std::vector<std::vector<ledger::Entry>> entries_;
  std::vector<ledger::Details> details_;
};

using TestSubmissionPtr = std::shared_ptr<TestSubmission>;

inline TestSubmissionPtr transfers(std::vector<Order> orders, Atomic all = Atomic::no) {
  return std::make_shared<TestSubmission>(std::move(orders), all);
}

inline TestSubmissionPtr transfer(std::vector<Posting> postings, std::string key = {}) {
  std::vector<Order> orders;
  orders.push_back({std::move(postings), std::move(key), {}});
  return transfers(std::move(orders));
}

inline TestSubmissionPtr key_outcome(std::string key) {
  return std::make_shared<TestSubmission>(std::move(key), false);
}
inline TestSubmissionPtr seal_key(std::string key) {
  return std::make_shared<TestSubmission>(std::move(key), true);
}

inline TestSubmissionPtr new_account(std::string id, ledger::Amount balance = 0,
                                     ledger::Amount floor = 0, std::string participant = {}) {
  ledger::NewAccount account;
  account.id = std::move(id);
  account.participant_id = std::move(participant);
  account.initial_balance = balance;
  account.floor = floor;
  return std::make_shared<TestSubmission>(std::move(account));
}

inline TestSubmissionPtr new_participant(std::string id) {
  ledger::NewParticipant participant;
  participant.id = std::move(id);
  participant.role = ledger::ParticipantRole::supplier;
  return std::make_shared<TestSubmission>(std::move(participant));
}

}  // namespace sg::test
