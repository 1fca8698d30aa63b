// replica_groups: runs seeds of groups of replicas and says which fail. `tools/simulate --groups`
// runs many of them on all cores.
#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "tests/replication/chaos.hpp"

int main(int argc, char** argv) {
  using namespace sg::test;
  CLI::App app("replica_groups: groups of replicas on virtual ticks, disks and networks",
               "replica_groups");
  std::uint64_t from = 1;
  std::uint64_t seeds = 100;
  std::string defect_name = "none";
  bool on_stores = false;
  app.add_option("--from", from, "the first seed")->capture_default_str();
  app.add_option("--seeds", seeds, "how many")->capture_default_str();
  app.add_option("--defect", defect_name, "a mistake to be found: see tests/replication/group.hpp")
      ->capture_default_str();
  app.add_flag("--stores", on_stores, "the members have the ledger's own store");
  CLI11_PARSE(app, argc, argv);
  auto defect = GroupDefect::none;
  while (defect != GroupDefect::count && to_string(defect) != defect_name) {
    defect = static_cast<GroupDefect>(static_cast<int>(defect) + 1);
  }
  if (defect == GroupDefect::count) {
    std::cerr << "replica_groups: there is no defect '" << defect_name << "'\n";
    return 2;
  }

  ChaosReport all;
  std::uint64_t failed = 0;
  for (std::uint64_t seed = from; seed < from + seeds; ++seed) {
    const auto report = run_chaos(seed, defect, on_stores ? DiskKind::store : DiskKind::plain);
    if (!report.breaches.empty()) {
      ++failed;
      std::cout << "seed " << seed << " FAILS: " << report.breaches.front() << '\n'
                << "  again: " << argv[0] << " --from " << seed << " --seeds 1 --defect "
                << defect_name << (on_stores ? " --stores" : "") << std::endl;
    }
    all.committed += report.committed;
    all.reads += report.reads;
    all.crashes += report.crashes;
    all.elections += report.elections;
    all.changes += report.changes;
    all.trace = (all.trace * 31) ^ report.trace;
  }
  std::cout << "seeds " << seeds << " failed " << failed << " committed " << all.committed
            << " reads " << all.reads << " crashes " << all.crashes << " elections "
            << all.elections << " changes " << all.changes << " trace " << std::hex << all.trace
            << std::endl;
  return failed == 0 ? 0 : 1;
}
