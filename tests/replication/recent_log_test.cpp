// The log of what is stored and what is being written, against a plain list.
#include "replication/recent_log.hpp"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "tests/simulation/random.hpp"

using namespace sg::replication;
using sg::test::Random;

namespace {

class Disk final : public StoredLog {
 public:
  std::vector<Entry> entries;
  Index base() const override { return 10; }
  Term base_term() const override { return 1; }
  Index last_index() const override { return base() + entries.size(); }
  std::vector<Entry> read(Index low, Index high, std::uint64_t max_bytes) const override {
    std::vector<Entry> result;
    std::uint64_t bytes = 0;
    for (Index index = low; index < high; ++index) {
      bytes += entries.at(index - base() - 1).data.size();
      if (!result.empty() && bytes > max_bytes) break;
      result.push_back(entries.at(index - base() - 1));
    }
    return result;
  }
  std::uint64_t bytes_to_send(const Entry& entry) const override { return entry.data.size(); }
  void put(const std::vector<Entry>& added) {
    entries.resize(added.front().index - base() - 1);
    entries.insert(entries.end(), added.begin(), added.end());
  }
};

}  // namespace

TEST_CASE("A recent log reads as if every write were done at once") {
  rc::check([](std::uint64_t seed) {
    Random random(seed);
    Disk disk;
    for (std::uint64_t i = random.below(4); i > 0; --i) {
      disk.entries.push_back({disk.last_index() + 1, 1, EntryKind::data, "old", {}});
    }
    RecentLog log(disk);
    Disk model = disk;
    std::deque<std::vector<Entry>> writes;
    std::uint64_t written = 0;
    std::uint64_t stored = 0;
    for (Term term = 2; term < 60; ++term) {
      if (random.chance(700'000)) {
        // Replaces some of the end, sometimes all of it.
        const auto room = model.entries.size();
        const Index first = model.last_index() + 1 -
                            (random.chance(300'000) && room > 0 ? random.below(room + 1) : 0);
        std::vector<Entry> added;
        for (std::uint64_t i = 0; i <= random.below(3); ++i) {
          added.push_back(
              {first + i, term, EntryKind::data, std::string(random.below(5), 'x'), {}});
        }
        model.put(added);
        log.append(added, ++written);
        writes.push_back(added);
      } else if (!writes.empty()) {
        disk.put(writes.front());
        writes.pop_front();
        log.stored(++stored);
      }
      RC_ASSERT(log.last_index() == model.last_index());
      RC_ASSERT(log.term(log.last_index()) ==
                (model.entries.empty() ? disk.base_term() : model.entries.back().term));
      if (model.entries.empty()) continue;
      const Index low = model.base() + 1 + random.below(model.entries.size());
      const Index high = low + 1 + random.below(model.last_index() - low + 1);
      RC_ASSERT(log.entries(low, high, 1'000'000, false) == model.read(low, high, 1'000'000));
      const auto bound = random.below(12);
      const auto some = log.entries(low, high, bound, true);
      RC_ASSERT(!some.empty());
      RC_ASSERT(some == model.read(low, low + some.size(), 1'000'000));
    }
  });
}

TEST_CASE("A recent log keeps no more of what is stored than it needs") {
  Disk disk;
  RecentLog log(disk);
  std::uint64_t write = 0;
  for (Index index = 11; index <= 20'010; ++index) {
    const std::vector<Entry> added{{index, 1, EntryKind::data, std::to_string(index),
                                    std::make_shared<std::string>(20'000, 'b')}};
    log.append(added, ++write);
    disk.put(added);
    log.stored(write);
  }
  CHECK(log.kept() < 5000);
  std::vector<Entry> asked{{20'010, 1, EntryKind::data, "20010", {}},
                           {20'009, 1, EntryKind::data, "another", {}},
                           {17'000, 1, EntryKind::data, "17000", {}}};
  log.join_bodies(asked);
  CHECK(asked[0].body);
  CHECK_FALSE(asked[1].body);
  CHECK_FALSE(asked[2].body);  // 32 MB of bodies are 1,677 of these
  CHECK(log.entries(11, 13, 1000, false)[1].data == "12");
  CHECK(log.entries(15'000, 20'011, 1'000'000, false).size() == 5011);
}
