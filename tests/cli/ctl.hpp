// Runs command lines of scalegraphctl against a ledger in memory.
#pragma once

#include <catch2/catch.hpp>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "cli/program.hpp"
#include "fake_ledger.hpp"

namespace sg::cli::testing {

struct Printed {
  int exit_code = 0;
  std::string out;
  std::string err;
};

inline Printed scalegraphctl(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  Console console{.out = out, .err = err};
  const int exit_code = run(arguments, console);
  return {exit_code, out.str(), err.str()};
}

struct Ctl {
  FakeLedger ledger;

  Printed operator()(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--server", ledger.address()});
    return scalegraphctl(arguments);
  }
  // With --json behind the command, which must succeed.
  nlohmann::json json(std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    const Printed printed = (*this)(std::move(arguments));
    INFO(printed.err);
    REQUIRE(printed.exit_code == 0);
    REQUIRE(printed.err.empty());
    return nlohmann::json::parse(printed.out);
  }
};

// One that was free a moment ago.
inline std::string dead_address() { return FakeLedger().address(); }

}  // namespace sg::cli::testing
