#include "tests/simulation/scenario.hpp"

#include <vector>

namespace sg::test {
namespace {

// Off in half of the cases, else spread over the orders of magnitude below `most`.
Ppm sometimes(Random& random, Ppm most) {
  if (random.below(2) == 0) return 0;
  return most >> random.below(5);
}

// Several pages of balances, most of which rest.
void use_pages(Workload& w, Random& random) {
  w.accounts = static_cast<std::size_t>(random.between(130, 200));
  w.local = random.pick(std::vector<Ppm>{0, 98 * kPercent, 98 * kPercent});
}

}  // namespace

Scenario choose_scenario(Random& random) {
  Scenario s;
  s.shards = static_cast<std::uint32_t>(random.between(1, 4));
  s.checkpoint_interval = random.pick(std::vector<std::size_t>{5, 20, 60, 1000});
  s.index_chunk = random.pick(std::vector<std::size_t>{4, 15, 60, 1000});
  s.lock_timeout = std::chrono::milliseconds(random.pick(std::vector<int>{20, 200, 5000}));
  s.intensity = random.pick(std::vector<std::size_t>{3, 1000, 1000});
  s.liveness = std::chrono::seconds(random.pick(std::vector<int>{1, 1, 10}));
  s.steps = static_cast<std::size_t>(random.between(500, 4000));
  s.time = static_cast<Ppm>(random.between(1, 10)) * kPercent;
  s.burst = static_cast<Ppm>(random.between(0, 9)) * 10 * kPercent;
  s.late = random.pick(std::vector<Ppm>{0, 0, 2 * kPercent, 20 * kPercent});

  auto& w = s.workload;
  w.accounts = static_cast<std::size_t>(random.between(2, 16));
  if (random.below(4) == 0) use_pages(w, random);
  w.clients = static_cast<std::size_t>(random.between(1, 6));
  w.outstanding = static_cast<std::size_t>(random.between(1, 4));
  w.operations = static_cast<std::size_t>(random.between(20, 200));
  w.operations_after = static_cast<std::size_t>(random.between(0, 60));
  w.hot = sometimes(random, 80 * kPercent);
  w.keyed = random.pick(std::vector<Ppm>{0, 50 * kPercent, 100 * kPercent});
  w.duplicate = sometimes(random, 30 * kPercent);
  w.mismatch = sometimes(random, 10 * kPercent);
  w.batch = sometimes(random, 60 * kPercent);
  w.atomic = sometimes(random, 100 * kPercent);
  w.read = sometimes(random, 50 * kPercent);
  w.create = sometimes(random, 20 * kPercent);
  w.give_up = sometimes(random, 20 * kPercent);
  w.deadline = sometimes(random, 20 * kPercent);
  w.lost = sometimes(random, 20 * kPercent);

  auto& f = s.faults;
  f.kill = sometimes(random, 2 * kPercent);
  f.throw_at_point = sometimes(random, 5 * kPercent);
  f.end_at_point = sometimes(random, kPercent);
  f.end = sometimes(random, kPercent / 2);
  f.power = random.pick(std::vector<Ppm>{0, 50 * kPercent, 100 * kPercent});
  f.write_error = sometimes(random, kPercent);
  f.sync_error = sometimes(random, kPercent);
  f.ingest_error = sometimes(random, kPercent);
  f.mark_error = sometimes(random, kPercent);
  f.open_error = sometimes(random, kPercent);
  f.disk_full = sometimes(random, kPercent / 2);
  f.slow_sync = sometimes(random, 20 * kPercent);
  f.clock_jump = sometimes(random, kPercent);
  f.pause = sometimes(random, kPercent / 2);
  f.starve = sometimes(random, 2 * kPercent);
  f.hold_back = sometimes(random, 50 * kPercent);
  f.hang = sometimes(random, 4 * kPercent);
  // Some things show only where certain actors die close together.
  switch (random.below(8)) {
    case 0:  // shards and journals
      s.intensity = 1000;
      f.kill = 3 * kPercent;
      f.sync_error = 3 * kPercent;
      f.end = f.end_at_point = 0;
      break;
    case 1:  // indexers, and then the process
      s.intensity = 1000;
      s.checkpoint_interval = static_cast<std::size_t>(random.between(5, 30));
      use_pages(w, random);
      f.throw_at_point = 0;
      f.throw_at_derived = 20 * kPercent;
      f.end = kPercent / 4;
      f.kill = f.hang = f.write_error = f.sync_error = f.mark_error = f.open_error = 0;
      break;
    case 2:  // checkpoints, and then the power
      s.intensity = 1000;
      s.checkpoint_interval = static_cast<std::size_t>(random.between(2, 10));
      f.end_at_point = kPercent / 2;
      f.power = 100 * kPercent;
      f.kill = f.throw_at_point = f.write_error = f.sync_error = f.open_error = 0;
      break;
    default:
      break;
  }
  return s;
}

void choose_more(Scenario& scenario, Random& random) {
  if (random.below(4) == 0) scenario.workload.references = 50 * kPercent >> random.below(3);
  if (random.below(4) == 0) scenario.workload.key_requests = 20 * kPercent >> random.below(3);
  if (random.below(4) == 0) scenario.workload.reversals = 30 * kPercent >> random.below(3);
  if (random.below(4) == 0) scenario.workload.policies = 20 * kPercent >> random.below(3);
}

}  // namespace sg::test
