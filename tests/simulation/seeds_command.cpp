#include "tests/simulation/seeds_command.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

namespace sg::test {
namespace {

constexpr std::size_t kBreachesShown = 5;

void print_failure(const RunOptions& options, const RunReport& report, const std::string& program) {
  std::cout << "seed " << options.seed << " FAILS: " << report.breaches.size() << " breaches\n";
  for (std::size_t i = 0; i < report.breaches.size() && i < kBreachesShown; ++i) {
    std::cout << "  " << report.breaches[i] << '\n';
  }
  std::cout << "  again, step by step: " << program << " --from " << options.seed
            << " --seeds 1 --verbose";
  if (options.defect != faults::Defect::none) {
    std::cout << " --defect " << to_string(options.defect);
  }
  std::cout << std::endl;
}

}  // namespace

int run_seeds(int argc, char** argv, const std::string& name, const std::string& about,
              const std::function<RunReport(const RunOptions&)>& run) {
  CLI::App app(name + ": " + about, name);
  std::uint64_t from = 1;
  std::uint64_t seeds = 100;
  std::string defect_name = "none";
  bool stop_early = false;
  RunOptions options;
  app.add_option("--from", from, "the first seed")->capture_default_str();
  app.add_option("--seeds", seeds, "how many")->capture_default_str();
  app.add_option("--defect", defect_name, "a mistake to be found: see faults/fault_injection.hpp")
      ->capture_default_str();
  app.add_flag("--stop", stop_early, "at the first seed that fails");
  app.add_flag("--verbose", options.verbose, "print each step");
  CLI11_PARSE(app, argc, argv);
  const auto defect = faults::parse_defect(defect_name);
  if (!defect) {
    std::cerr << name << ": there is no defect '" << defect_name << "'\n";
    return 2;
  }
  options.defect = *defect;

  RunReport all;
  std::uint64_t failed = 0;
  std::uint64_t done = 0;
  for (; done < seeds && !(stop_early && failed > 0); ++done) {
    options.seed = from + done;
    const auto report = run(options);
    if (!report.breaches.empty()) {
      ++failed;
      print_failure(options, report, argv[0]);
    }
    all.steps += report.steps;
    all.committed += report.committed;
    all.refused += report.refused;
    all.unknown += report.unknown;
    all.processes += report.processes;
    all.trace = (all.trace * 31) ^ report.trace;
  }
  std::cout << "seeds " << done << " failed " << failed << " steps " << all.steps << " committed "
            << all.committed << " refused " << all.refused << " unknown " << all.unknown
            << " processes " << all.processes << " trace " << std::hex << all.trace << std::endl;
  return failed == 0 ? 0 : 1;
}

}  // namespace sg::test
