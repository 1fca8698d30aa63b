// What a participant may move.
#include "ledger/rights.hpp"

#include <catch2/catch.hpp>
#include <limits>
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
          "[ledger][rights]") {
  Asked asked;
  asked.add({{"seb:operating", -5}, {"alice", 5}});
  asked.add({{"alice", -5}, {"seb:operating", 5}});
  asked.add({{"alice", 5}});
  asked.finish(false);
  CHECK_FALSE(is_permitted(asked, kOwn));
  refuse_forbidden(asked, kOwn);
  CHECK(asked.results[0].state == State::undecided);
  REQUIRE(asked.results[1].state == State::refused);
  CHECK(asked.results[1].error->reason == Reason::permission_denied);
  CHECK(asked.results[1].error->outcome == Outcome::none);
  CHECK(asked.results[2].state == State::undecided);
  CHECK(has_undecided(asked));
  CHECK(is_permitted(asked, kOwn));
}

TEST_CASE("A participant takes nothing back", "[ledger][rights]") {
  Asked asked;
  asked.add({{"seb:operating", -5}});
  asked.add({});
  asked.finish(false);
  Details details;
  details.reverses = {1, 1};
  details.reverses_all = true;
  auto& reversal = std::get<TransferBatch>(asked.operation).transfers[1];
  reversal.kind = TransferKind::reversal;
  reversal.details = &details;
  CHECK_FALSE(is_permitted(asked, kOwn));
  refuse_forbidden(asked, kOwn);
  CHECK(asked.results[0].state == State::undecided);
  REQUIRE(asked.results[1].state == State::refused);
  CHECK(asked.results[1].error->reason == Reason::permission_denied);
}

TEST_CASE("One such transfer refuses an atomic batch as a whole", "[ledger][rights]") {
  Asked asked;
  asked.add({{"seb:operating", -5}});
  asked.add({{"alice", -5}});
  asked.add({{"bob", -5}});
  asked.finish(true);
  refuse_forbidden(asked, kOwn);
  CHECK(asked.results[0].error->reason == Reason::batch_aborted);
  CHECK(asked.results[1].error->reason == Reason::permission_denied);
  CHECK(asked.results[2].error->reason == Reason::batch_aborted);
  CHECK_FALSE(has_undecided(asked));
}

constexpr auto kMost = static_cast<Amount>(kMaxCredits);

TEST_CASE("A transfer credits others by less than would refuse it for any usual balance",
          "[ledger][rights]") {
  Asked asked;
  asked.add({{"seb:operating", -5}, {"alice", kMost}});
  asked.add({{"seb:operating", -5}, {"alice", kMost}, {"bob", 1}});
  asked.add({{"alice", std::numeric_limits<Amount>::max()}});
  asked.add({{"alice", kMost}, {"seb:operating", -kMost}});
  asked.finish(false);
  CHECK_FALSE(is_permitted(asked, kOwn));
  refuse_forbidden(asked, kOwn);
  CHECK(asked.results[0].state == State::undecided);
  for (const auto item : {1, 2}) {
    REQUIRE(asked.results[item].state == State::refused);
    CHECK(asked.results[item].error->reason == Reason::permission_denied);
    CHECK(asked.results[item].error->metadata.front().first == "max_credits");
  }
  CHECK(asked.results[3].state == State::undecided);
  CHECK(is_permitted(asked, kOwn));
}

TEST_CASE("The items of an atomic batch credit so much in all", "[ledger][rights]") {
  Asked asked;
  asked.add({{"alice", kMost}});
  asked.add({{"seb:operating", -5}});
  asked.add({{"alice", 1}});
  asked.finish(true);
  CHECK_FALSE(is_permitted(asked, kOwn));
  refuse_forbidden(asked, kOwn);
  CHECK(asked.results[0].error->reason == Reason::batch_aborted);
  CHECK(asked.results[1].error->reason == Reason::batch_aborted);
  CHECK(asked.results[2].error->reason == Reason::permission_denied);
}

TEST_CASE("An item that was refused before keeps its error", "[ledger][rights]") {
  Asked asked;
  asked.add({{"alice", -5}});
  asked.add({{"seb:operating", -5}});
  asked.finish(true);
  asked.results[0].state = State::refused;
  asked.results[0].error = std::make_shared<const Error>(Error{Reason::amount_zero, "", {}, {}});
  abort_rest(asked);
  refuse_forbidden(asked, kOwn);
  CHECK(asked.results[0].error->reason == Reason::amount_zero);
  CHECK(asked.results[1].error->reason == Reason::batch_aborted);
}

}  // namespace
}  // namespace sg::ledger
