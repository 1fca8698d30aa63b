// The verdict on the nodes of a cluster.
#include <catch2/catch.hpp>

#include "cli/output/render_verify.hpp"

using namespace sg::cli;

namespace {

NodeReport report(std::uint64_t node, const std::string& chain, const std::string& balances) {
  NodeReport one{node, {}};
  one.report.set_done(true);
  one.report.set_records(chain.empty() ? 0 : 7);
  one.report.set_sum_of_balances("5");
  one.report.set_sum_of_postings("5");
  one.report.set_state_chain_hash(chain);
  one.report.set_state_balances_hash(balances);
  return one;
}

}  // namespace

TEST_CASE("nodes agree if each is sound and all have the same chain and balances") {
  const auto same = report(1, "aa", "bb");
  CHECK(agree({same, report(2, "aa", "bb"), report(3, "aa", "bb")}));
  CHECK(agree({report(1, "", ""), report(2, "", "")}));  // an empty ledger
  CHECK_FALSE(agree({same, report(2, "aa", "cc")}));
  CHECK_FALSE(agree({same, report(2, "ab", "bb")}));
  auto lost = report(2, "aa", "bb");
  lost.report.clear_state_chain_hash();  // no block of it ends there
  CHECK_FALSE(agree({lost, lost}));
  auto unsound = same;
  unsound.report.add_problems("a block is damaged");
  CHECK_FALSE(agree({same, unsound}));
  auto cut = same;
  cut.report.set_done(false);
  CHECK_FALSE(agree({cut, same}));
}

TEST_CASE("a comparison shows each node, what is wrong with it, and the verdict") {
  auto other = report(2, std::string(64, 'c'), "bb");
  other.report.add_problems("block 7 is damaged");
  CHECK(render_comparison(9, {report(1, "aa", "bb"), other}, false) ==
        "NODE  BLOCKS  RECORDS  ACCOUNTS  CHAIN             BALANCES  BOOKS\n"
        "   1       0        7         0  aa                bb        sound\n"
        "   2       0        7         0  cccccccccccccccc  bb        NOT SOUND\n"
        "problem of node 2: block 7 is damaged\n"
        "THE NODES DO NOT AGREE at sequence 9\n");
  const auto json = to_json(9, {report(1, "aa", "bb")});
  CHECK(json["sequence"] == "9");
  CHECK(json["agree"] == true);
  CHECK(json["nodes"][0]["node"] == "1");
}
