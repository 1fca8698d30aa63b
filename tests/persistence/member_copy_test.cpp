// Copying the chain that the log of a cluster begins on, from a member that has it.
#include "member_bed.hpp"
#include "persistence/rocks/directory_medium.hpp"

namespace sg::persistence::test {
namespace {

using Catch::Contains;

// A ledger that stood alone, as the first member of a cluster.
std::unique_ptr<MemberStore> first_member(Bed& alone) {
  alone.create_account("a", 100);
  alone.create_account("b", 50);
  for (Amount i = 1; i <= 4; ++i) {
    alone.transfer({{{0, -i}, {1, i}}, "reference", "key" + std::to_string(i)});
  }
  // One that needs a newer format than a cluster begins with.
  const ledger::Details details{{}, 0, true};
  const std::vector<Posting> postings{{0, -5}, {1, 5}};
  TransferRecord command;
  command.postings = postings;
  command.details = &details;
  auto group = alone->begin_group(alone.now, alone.run_ms);
  group.add(command);
  alone.append(std::move(group));
  alone.close();
  alone.disk().disown();
  succeeded(found_group(*make_memory_medium(alone.disk_ptr()), {}, 1, "founders"));
  alone.disk().disown();
  auto store = std::make_unique<MemberStore>(make_memory_medium(alone.disk_ptr()), StoreOptions{});
  succeeded(store->reopen());
  return store;
}

ChainCopy after(const MemberStore& from, const ChainEnd& end, std::uint64_t max_bytes = 1) {
  const auto read = value_of(from.read_chain(end, max_bytes));
  REQUIRE(read);
  return *read;
}

}  // namespace

TEST_CASE("A new member copies the chain block by block, and goes on after a power failure") {
  Bed alone(Backend::memory);
  const auto first = first_member(alone);
  MemberBed bed(GENERATE(Backend::memory, Backend::rocksdb));
  std::size_t portions = 0;
  for (auto chain = after(*first, bed->base()); !chain.blocks.empty();
       chain = after(*first, bed->base())) {
    CHECK(chain.blocks.size() == 1);
    const auto before = bed->head().sequence;
    const auto changes = value_of(bed->copy(chain));
    CHECK(changes.before.sequence == before);
    CHECK(changes.after.sequence == bed->head().sequence);
    bed.disk().crash(bed.disk().unsynced());
    bed.open();
    CHECK(bed->base().sequence == changes.after.sequence);
    ++portions;
  }
  CHECK(portions == 7);
  CHECK(bed->base() == first->base());
  CHECK(bed->head().hash == first->head().hash);
  CHECK(value_of(bed->load_balances()) == value_of(first->load_balances()));
  CHECK(value_of(bed->verify({})).problems.empty());
  CHECK(value_of(bed->account("b")).has_value());
  // It joins, and the log goes on from there.
  REQUIRE(value_of(bed->join(ClusterId{7}, 1, "founders")));
  CHECK_THAT(bed->copy(after(*first, {})).error().message, Contains("belongs to a cluster"));
  bed.transfer({{{0, 3}}});
  succeeded(bed.write(1));
  succeeded(bed.commit(1));
  CHECK(bed->durable() == first->durable() + 1);
}

TEST_CASE("Blocks that do not follow are not copied, and change nothing") {
  Bed alone(Backend::memory);
  const auto first = first_member(alone);
  MemberBed bed(Backend::memory);
  const auto all = after(*first, {}, ~std::uint64_t{0});
  REQUIRE(all.blocks.size() == 7);
  auto wrong = all;
  SECTION("one is left out") { wrong.blocks.erase(wrong.blocks.begin() + 1); }
  SECTION("two are exchanged") { std::swap(wrong.blocks[2], wrong.blocks[3]); }
  SECTION("one has another byte") { wrong.blocks[4][wrong.blocks[4].size() / 2] ^= 1; }
  SECTION("one is cut") { wrong.blocks[5].pop_back(); }
  SECTION("one comes twice") { wrong.blocks.insert(wrong.blocks.begin(), wrong.blocks.front()); }
  const auto refused = bed->copy(wrong);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().fault == StoreFault::corrupt);
  CHECK(bed->base() == ChainEnd{});
  CHECK(bed->takes_writes());
  succeeded(bed->copy(all));
  CHECK(bed->base() == first->base());
}

TEST_CASE("A chain is read on only from where it has been") {
  Bed alone(Backend::memory);
  const auto first = first_member(alone);
  CHECK(after(*first, first->base()).blocks.empty());
  auto other = first->base();
  other.hash[0] ^= 1;
  CHECK_FALSE(value_of(first->read_chain(other, 1)));
  CHECK_FALSE(value_of(first->read_chain({other.sequence + 1, other.hash}, 1)));
}

}  // namespace sg::persistence::test
