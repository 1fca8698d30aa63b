#include "command_line/empty_values.hpp"

#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "command_line/parsing.hpp"

namespace sg::command_line {
namespace {

struct Program {
  Program() {
    app.add_option("--name", text)->envname("COMMAND_LINE_TEST_NAME");
    app.add_flag("--loud", loud);
    app.add_option("--every", text)->expected(0, 1);
    app.add_subcommand("open")->add_option("--mode,FILE", text);
    app.fallthrough();
  }
  CLI::App app;
  std::string text;
  bool loud = false;
};

TEST_CASE("An empty value is found wherever it stands", "[command line]") {
  const auto [arguments, message] = GENERATE(table<std::vector<std::string>, std::string>({
      {{""}, "the first argument is empty: leave it out or give it a value"},
      {{"--name", ""}, "the value of --name is empty: leave it out or give it a value"},
      {{"--name="}, "the value of --name is empty: leave it out or give it a value"},
      {{"--loud="}, "the value of --loud is empty: leave it out or give it a value"},
      {{"--loud", ""}, "the argument after \"--loud\" is empty: leave it out or give it a value"},
      {{"--every", ""}, "the argument after \"--every\" is empty: leave it out or give it a value"},
      {{"--unknown="}, "the value of --unknown is empty: leave it out or give it a value"},
      {{"open", "--mode", ""}, "the value of --mode is empty: leave it out or give it a value"},
      {{"open", "a", ""}, "the argument after \"a\" is empty: leave it out or give it a value"},
      {{"--", ""}, "the argument after \"--\" is empty: leave it out or give it a value"},
  }));
  Program program;
  CHECK(empty_value(program.app, arguments).value_or("") == message);
  CHECK_THROWS_AS(parse(program.app, arguments), CLI::ParseError);
}

TEST_CASE("What only looks like an empty value is taken", "[command line]") {
  const auto arguments = GENERATE(values<std::vector<std::string>>({
      {},
      {"--name", "--other="},
      {"--name", "--"},
      {"--name=="},
      {"open", "--", "--mode="},
      {"open", "a="},
      {"--name", " "},
  }));
  CAPTURE(arguments);
  Program program;
  CHECK_FALSE(empty_value(program.app, arguments));
  CHECK_NOTHROW(parse(program.app, arguments));
}

TEST_CASE("An empty variable is refused where it would have been read", "[command line]") {
  Program program;
  setenv("COMMAND_LINE_TEST_NAME", "", 1);
  CHECK(empty_value(program.app, {}).value_or("") ==
        "the environment variable COMMAND_LINE_TEST_NAME is empty: unset it, or give it the value "
        "for --name");
  CHECK_FALSE(empty_value(program.app, {"--name", "x"}));
  CHECK_FALSE(empty_value(program.app, {"--name=x"}));
  unsetenv("COMMAND_LINE_TEST_NAME");
  CHECK_FALSE(empty_value(program.app, {}));
}

TEST_CASE("A flag is found among arguments that may be wrong", "[command line]") {
  CHECK(asks_for({"nonsense", "--json"}, "--json"));
  CHECK(asks_for({"--json=true"}, "--json"));
  CHECK_FALSE(asks_for({"--jsonx", "--json=false"}, "--json"));
  CHECK_FALSE(asks_for({"--", "--json"}, "--json"));
}

}  // namespace
}  // namespace sg::command_line
