// Command lines that are wrong, and outputs that are lost.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "ctl.hpp"

using namespace sg::cli;
using Catch::Contains;
using Catch::StartsWith;
using testing::Ctl;
using testing::Printed;
using testing::scalegraphctl;

namespace {

// Every option with a value and every positional of a command and of those below it, each as a
// command line in which its value is empty: in two arguments and, for an option, in one.
void add_empty_values(const CLI::App& command, const std::vector<std::string>& words,
                      std::vector<std::vector<std::string>>& lines) {
  const auto add = [&](std::initializer_list<std::string> more) {
    lines.push_back(words);
    lines.back().insert(lines.back().end(), more);
  };
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      add({"--" + name + "="});
      if (option->get_items_expected_max() > 0) add({"--" + name, ""});
    }
    if (option->get_positional()) add({""});
  }
  for (const CLI::App* below : command.get_subcommands([](const CLI::App*) { return true; })) {
    auto longer = words;
    longer.push_back(below->get_name());
    add_empty_values(*below, longer, lines);
  }
}

}  // namespace

TEST_CASE("bad usage is exit code 2 and asks no server") {
  const auto [arguments, message] = GENERATE(table<std::vector<std::string>, std::string>({
      {std::vector<std::string>{}, "A subcommand is required"},
      {{"nonsense"}, "unknown command or option \"nonsense\""},
      {{"account", "nonsense"}, "unknown command or option \"nonsense\""},
      {{"account", "create"}, "ID or --participant is required"},
      {{"account", "set", "x"}, "--floor, --ceiling or --no-ceiling is required"},
      {{"account", "set", "--floor", "1"}, "ID is required"},
      {{"account", "freeze"}, "ID is required"},
      {{"account", "create", "x", "--type", "fees"}, "--type requires --participant"},
      {{"account", "create", "--participant", "p", "--type", "x"}, "valid: STANDALONE, OPERATING"},
      {{"participant", "create", "x", "--role", "supplier"}, "--name is required"},
      {{"participant", "create", "x", "--name", "x"}, "--role is required"},
      {{"participant", "list", "--role", "x"}, "valid: ACCESS_PROVIDER"},
      {{"account", "create", "x", "--metadata", "x"}, "KEY=VALUE"},
      {{"credit", "a"}, "AMOUNT is required"},
      {{"credit", "a", "1.5"}, "no amount"},
      {{"transfer"}, "ENTRY is required"},
      {{"transfer", "alice"}, "alice=-1000"},
      {{"tx", "list", "--limit", "0"}, "no count"},
      {{"tx", "list", "--from", "noon"}, "no time"},
      {{"tx", "list", "--from", "2099"}, "write 2024-05-01, 2024-05-01T10:00:00Z (UTC), or"},
      {{"tx", "list", "--to", "20990101"}, "write 2024-05-01, 2024-05-01T10:00:00Z (UTC), or"},
      {{"tx", "list", "--to", "1970-01-01"}, "leaves nothing to list"},
      {{"tx", "list", "--to", "0ms"}, "leaves nothing to list"},
      {{"tree", "extra"}, "not expected: extra"},
      {{"tree", "--server", "nowhere"}, "HOST:PORT"},
      {{"tree", "--timeout", "0"}, "--timeout"},
      {{"import", "/nonexistent.yaml"}, "/nonexistent.yaml: cannot be read"},
      {{"import", "/"}, "/: cannot be read"},
  }));
  const auto printed = scalegraphctl(arguments);
  CHECK(printed.exit_code == 2);
  CHECK(printed.out.empty());
  CHECK_THAT(printed.err, StartsWith("error: ") && Contains(message));
  auto with_json = arguments;
  with_json.emplace_back("--json");
  CHECK(nlohmann::json::parse(scalegraphctl(with_json).err)["error"]["exit_code"] == 2);
}

TEST_CASE("an empty value is bad usage, for every option and argument of every command") {
  const CommandLine given;
  std::vector<std::vector<std::string>> lines;
  add_empty_values(given.app, {}, lines);
  REQUIRE(lines.size() > 60);
  for (const auto& arguments : lines) {
    CAPTURE(arguments);
    const auto printed = scalegraphctl(arguments);
    CHECK(printed.exit_code == 2);
    CHECK(printed.out.empty());
    CHECK_THAT(printed.err, StartsWith("error: the ") && Contains(" is empty: leave it out"));
    auto with_json = arguments;
    with_json.insert(with_json.begin(), "--json");
    CHECK(nlohmann::json::parse(scalegraphctl(with_json).err)["error"]["exit_code"] == 2);
  }
}

TEST_CASE("an empty value changes nothing and lists nothing") {
  Ctl ctl;
  ctl.json({"account", "create", "a", "--balance", "10"});
  const auto [arguments, message] = GENERATE(table<std::vector<std::string>, std::string>({
      {{"credit", "a", "5", "--key", ""}, "the value of --key is empty"},
      {{"credit", "a", "5", "--key="}, "the value of --key is empty"},
      // The next argument must not become the key.
      {{"transfer", "--key=", "a=-5", "a=5"}, "the value of --key is empty"},
      {{"transfer", "a=-5", "", "a=5"}, "the argument after \"a=-5\" is empty"},
      {{"tx", "list", "--account", ""}, "the value of --account is empty"},
      {{"account", "list", ""}, "the argument after \"list\" is empty"},
      {{"account", "list", "--", ""}, "the argument after \"--\" is empty"},
      {{"tree", "--watch", ""}, "the argument after \"--watch\" is empty"},
      {{""}, "is empty"},
  }));
  const auto printed = ctl(arguments);
  CHECK(printed.exit_code == 2);
  CHECK(printed.out.empty());
  CHECK_THAT(printed.err, Contains(message));
  CHECK(ctl.json({"tx", "list"})["transactions"].empty());
}

TEST_CASE("a value that looks like an option with an empty value is a value") {
  Ctl ctl;
  ctl.json({"account", "create", "a"});
  CHECK(ctl.json({"credit", "a", "5", "--reference", "--key="})["reference"] == "--key=");
  CHECK(ctl({"account", "get", "--", "--key="}).exit_code == 1);  // not found
}

TEST_CASE("output that is lost is exit code 5 and a message, for tables, JSON, help and version") {
  Ctl ctl;
  ctl.json({"participant", "create", "p", "--name", "P", "--role", "supplier"});
  ctl.json({"account", "create", "a", "--balance", "10"});
  const auto command = GENERATE(values<std::vector<std::string>>({
      {"participant", "create", "q", "--name", "Q", "--role", "supplier"},
      {"participant", "get", "p"},
      {"participant", "list"},
      {"account", "create", "b"},
      {"account", "get", "a"},
      {"account", "balance", "a"},
      {"account", "list"},
      {"account", "list", "p"},
      {"credit", "a", "1"},
      {"debit", "a", "1"},
      {"transfer", "a=-1", "a=1"},
      {"tx", "list"},
      {"import", FIXTURES "/sample.yaml"},
      {"tree"},
      {"tree", "--watch"},
      {"verify"},
      {"balance-sheet"},
      {"--version"},
      {"--help"},
      {"account", "create", "--help"},
  }));
  for (const bool json : {false, true}) {
    auto arguments = command;
    arguments.insert(arguments.begin(), {"--server", ctl.ledger.address()});
    if (json) arguments.emplace_back("--json");
    CAPTURE(arguments);
    std::ofstream full("/dev/full");
    std::ostringstream err;
    Console console{.out = full, .err = err};
    const int code = run(arguments, console);
    // What was created by the first run is refused in the second, which prints nothing.
    if (code == kRefused) continue;
    CHECK(code == kOutputLost);
    if (json) {
      CHECK(nlohmann::json::parse(err.str())["error"]["reason"] == "OUTPUT_LOST");
    } else {
      CHECK_THAT(err.str(), StartsWith("error: OUTPUT_LOST: the output could not be written"));
    }
  }
}

TEST_CASE("a ledger that is not sound stays exit code 1 when the output is lost") {
  Ctl ctl;
  ctl.ledger.state().problems = {"account alice: balance 5, postings 6"};
  std::ofstream full("/dev/full");
  std::ostringstream err;
  Console console{.out = full, .err = err};
  CHECK(run({"--server", ctl.ledger.address(), "verify"}, console) == kRefused);
  CHECK_THAT(err.str(), Contains("OUTPUT_LOST"));
}

TEST_CASE("numbers of options are read strictly") {
  for (const char* option : {"--timeout", "--watch"}) {
    for (const char* value :
         {"nan", "inf", "-inf", "-1", "0", "1e99", "1e999", "0x1", "1s", "1,5"}) {
      CAPTURE(option, value);
      const auto printed = scalegraphctl({"tree", std::string(option) + "=" + value});
      CHECK(printed.exit_code == 2);
      CHECK_THAT(printed.err, Contains("is not a number from 0."));
    }
  }
  for (const char* value : {"nan", "inf", "-1", "0", "1e3", "99999999999", "0x1", "5x"}) {
    CAPTURE(value);
    CHECK(scalegraphctl({"tx", "list", "--limit", value}).exit_code == 2);
    CHECK(scalegraphctl({"credit", "a", value + std::string(".")}).exit_code == 2);
  }
}
