// Debits of accounts that are not the caller's.
#include "ledger/debits.hpp"

#include <catch2/catch.hpp>
#include <vector>

namespace sg::ledger {
namespace {

using State = ItemResult::State;

const IsOwn kOwn = [](std::string_view id) { return id == "seb:operating"; };

struct Asked : Submission {
  std::vector<std::vector<Entry>> entries;
  void add(std::vector<Entry> of_transfer) {
    entries.push_back(std::move(of_transfer));
    results.emplace_back();
  }
  void finish(bool atomic) {
    auto& batch = operation.emplace<TransferBatch>();
    batch.atomic = atomic;
    for (const auto& of_transfer : entries) {
      batch.transfers.emplace_back().entries = of_transfer;
    }
  }
  void on_answered() override {}
};

TEST_CASE("Each transfer that debits another account is refused, the others are not",
          "[ledger][debits]") {
  Asked asked;
  asked.add({{"seb:operating", -5}, {"alice", 5}});
  asked.add({{"alice", -5}, {"seb:operating", 5}});
  asked.add({{"alice", 5}});
  asked.finish(false);
  CHECK_FALSE(debits_only(asked, kOwn));
  refuse_other_debits(asked, kOwn);
  CHECK(asked.results[0].state == State::undecided);
  REQUIRE(asked.results[1].state == State::refused);
  CHECK(asked.results[1].error->reason == Reason::permission_denied);
  CHECK(asked.results[1].error->outcome == Outcome::none);
  CHECK(asked.results[2].state == State::undecided);
  CHECK(has_undecided(asked));
  CHECK(debits_only(asked, kOwn));
}

TEST_CASE("One such transfer refuses an atomic batch as a whole", "[ledger][debits]") {
  Asked asked;
  asked.add({{"seb:operating", -5}});
  asked.add({{"alice", -5}});
  asked.add({{"bob", -5}});
  asked.finish(true);
  refuse_other_debits(asked, kOwn);
  CHECK(asked.results[0].error->reason == Reason::batch_aborted);
  CHECK(asked.results[1].error->reason == Reason::permission_denied);
  CHECK(asked.results[2].error->reason == Reason::batch_aborted);
  CHECK_FALSE(has_undecided(asked));
}

TEST_CASE("An item that was refused before keeps its error", "[ledger][debits]") {
  Asked asked;
  asked.add({{"alice", -5}});
  asked.add({{"seb:operating", -5}});
  asked.finish(true);
  asked.results[0].state = State::refused;
  asked.results[0].error = std::make_shared<const Error>(Error{Reason::amount_zero, "", {}, {}});
  abort_rest(asked);
  refuse_other_debits(asked, kOwn);
  CHECK(asked.results[0].error->reason == Reason::amount_zero);
  CHECK(asked.results[1].error->reason == Reason::batch_aborted);
}

}  // namespace
}  // namespace sg::ledger
