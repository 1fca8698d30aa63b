// Man pages and completions of a small program. The real ones are read by groff and the shells
// themselves: deploy/tests.
#include "command_line/documents.hpp"

#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>
#include <filesystem>

#include "command_line/completion.hpp"
#include "command_line/parsing.hpp"
#include "command_line/program_tree.hpp"
#include "tests/support/temp_directory.hpp"

namespace sg::command_line {
namespace {

using Catch::Contains;

struct Program {
  Program() {
    app.footer("Exit codes: 0 done.");
    app.add_option("--server", text, "where it is")->type_name("HOST:PORT")->envname("THE_SERVER");
    app.add_option("--secret", text, "not shown")->group("");
    auto* open = app.add_subcommand("open", "Open it");
    open->require_subcommand(1);
    auto* door = open->add_subcommand("door", "Open a door");
    door->add_option("NAME", text, "its name")->required()->type_name("");
    door->add_option("--key", text, "a file; it's there")->type_name("FILE");
    door->add_option("--watch", text, "again")->expected(0, 1)->type_name("SECONDS");
    app.fallthrough();
  }
  CLI::App app{"prog: opens things", "prog"};
  std::string text;
};

std::string page(const std::vector<Document>& pages, const std::string& name) {
  for (const auto& one : pages) {
    if (one.name == name) return one.text;
  }
  FAIL("there is no page " << name);
  return {};
}

}  // namespace

TEST_CASE("A program with commands has a page, and one for each command of the first level",
          "[command line]") {
  Program program;
  const auto pages = manual_pages(facts_of(program.app), {.section = 1, .version = "7"});
  REQUIRE(pages.size() == 2);
  const auto main = page(pages, "prog.1");
  CHECK_THAT(main, Contains("prog \\- opens things\n"));
  CHECK_THAT(main,
             Contains("\\fB\\-\\-server\\fR\\fI HOST:PORT\\fR\nwhere it is; variable THE_SERVER"));
  CHECK_THAT(main, Contains("\\fBTHE_SERVER\\fR"));
  CHECK_THAT(main, Contains("Exit codes: 0 done."));
  CHECK_THAT(main, Contains("prog\\-open (1)"));
  CHECK_THAT(main, !Contains("secret"));
  const auto open = page(pages, "prog-open.1");
  CHECK_THAT(open, Contains(".SS prog open door [OPTIONS] NAME\n"));
  CHECK_THAT(open, Contains("\\fI [SECONDS]\\fR"));
  CHECK_THAT(open, Contains("its name; required"));
}

TEST_CASE("A page takes nothing in a text for a request of roff", "[command line]") {
  ManualPage made("name", 5, "7", "a\\b");
  made.text(".begins with a dot\n'and a quote\n\n  an - example");
  const auto text = made.document().text;
  CHECK(made.document().name == "name.5");
  CHECK_THAT(text, Contains("name \\- a\\eb\n"));
  CHECK_THAT(
      text,
      Contains("\n\\&.begins with a dot\n\\&'and a quote\n.PP\n.EX\n  an \\- example\n.EE\n"));
}

TEST_CASE("Completions know commands, options and which values are files", "[command line]") {
  Program program;
  const auto facts = facts_of(program.app);
  const auto bash = bash_completion(facts);
  CHECK_THAT(bash, Contains("' open door')\n      offered='--help --key --watch --server'"));
  CHECK_THAT(bash, Contains("    --key)\n      mapfile"));
  CHECK_THAT(bash, !Contains("secret"));
  CHECK_THAT(zsh_completion(facts), Contains("'--key:a file; it'\\''s there'"));
  const auto fish = fish_completion(facts);
  CHECK_THAT(fish, Contains("-l key -r -F -d 'a file; it\\'s there'"));
  CHECK_THAT(fish, Contains("-l server -x"));
}

TEST_CASE("The hidden option writes all documents, or says what it cannot write",
          "[command line]") {
  const test::TempDirectory folder;
  Program program;
  add_documents_option(program.app, {.section = 8, .version = "7"}, [] {
    return std::vector<Document>{{"prog.toml.5", "text"}};
  });
  CHECK_THROWS_AS(parse(program.app, {"--write-documents", folder.path().string()}), CLI::Success);
  for (const auto* name : {"man/prog.8", "man/prog-open.8", "man/prog.toml.5", "bash/prog",
                           "zsh/_prog", "fish/prog.fish"}) {
    INFO(name);
    CHECK(std::filesystem::file_size(folder.path() / name) > 0);
  }
  CHECK_THROWS_WITH(parse(program.app, {"--write-documents", "/proc/none"}),
                    "cannot write /proc/none/man/prog.8");
}

}  // namespace sg::command_line
