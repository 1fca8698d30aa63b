#include "cli/import/import_file.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "cli/import/json_as_yaml.hpp"

using namespace sg::cli;
namespace wire = scalegraph::ledger;

namespace {

std::string fixture(const std::string& name) {
  std::string path = FIXTURES "/";
  path += name;
  std::ifstream file(path);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

// "LINE: message" for each error of a text that is refused.
std::vector<std::string> refusals(const std::string& text) {
  const auto plan = parse_import(text);
  REQUIRE_FALSE(plan);
  std::vector<std::string> out;
  for (const auto& [line, message] : plan.error()) {
    out.push_back(std::to_string(line) + ": " + message);
  }
  return out;
}

}  // namespace

TEST_CASE("the sample file becomes the requests to create what it lists") {
  const auto plan = parse_import(fixture("sample.yaml"));
  REQUIRE(plan);
  REQUIRE(plan->participants.size() == 2);
  const auto& seb = plan->participants[0];
  CHECK(seb.id() == "seb");
  CHECK(seb.role() == wire::BANKING_PARTNER);
  CHECK(seb.metadata().at("tier") == "1");
  CHECK(plan->participants[1].name() == "Beijer Företag");

  REQUIRE(plan->participant_accounts.size() == 3);
  const auto& operating = plan->participant_accounts[0];
  CHECK(operating.participant_id() == "seb");
  CHECK(operating.account_type() == wire::OPERATING);
  CHECK(operating.initial_balance() == 100000);
  CHECK(operating.floor() == -5000);
  CHECK(plan->participant_accounts[1].account_type() == wire::FEES);
  CHECK(plan->participant_accounts[2].account_type() == wire::OPERATING);
  CHECK(plan->participant_accounts[2].metadata().at("purpose") == "daily");
  CHECK(account_id(plan->participant_accounts[2]) == "beijer:operating");

  REQUIRE(plan->accounts.size() == 2);
  CHECK(plan->accounts[0].initial_balance() == 1000);
  CHECK(plan->accounts[1].account_id() == "a=b:c");
  CHECK(plan->accounts[1].floor() == -10);
}

TEST_CASE("JSON with tabs, surrogate pairs and escapes reads as the same") {
  const auto plan = parse_import(fixture("sample.json"));
  REQUIRE(plan);
  CHECK(plan->participants.at(0).name() == "SEB 😀");
  CHECK(plan->participant_accounts.at(0).initial_balance() == 7);
  CHECK(plan->accounts.at(0).metadata().at("path") == "a\\/b");
}

TEST_CASE("JSON keeps its strings and lines on the way to YAML") {
  const auto [json, yaml] = GENERATE(table<std::string, std::string>({
      {R"({"a":	1})", R"({"a": 1})"},
      {R"("\ud83d\ude00")", R"("\U0001F600")"},
      {R"("\u00e5\n\"\\")", R"("\u00e5\n\"\\")"},
      {R"("\\ud83d")", R"("\\ud83d")"},  // an escaped backslash, no escape
  }));
  CHECK(json_as_yaml(json) == yaml);
}

TEST_CASE("a broken file is refused with every error and its line, in order") {
  CHECK(refusals(fixture("broken.yaml")) ==
        std::vector<std::string>{
            "4: role: unknown role \"bank\"; valid: ACCESS_PROVIDER, BANKING_PARTNER, "
            "ECOSYSTEM_PARTNER, SUPPLIER, EQUIPMENT_PROVIDER",
            "5: unknown key \"colour\" in a participant; valid: id, name, role, metadata, accounts",
            "6: a participant needs an id",
            "10: balance: \"10.5\" is no amount: write whole minor units, like 1000 or -1000",
            "11: account \"alice\" stands twice, first on line 9",
            "11: floor 1 is above the balance 0",
        });
}

TEST_CASE("JSON errors have lines too") {
  CHECK(refusals("{\n\t\"accounts\": [\n\t\t{\"id\": \"a\"},\n\t\t{\"id\": \"a\"}\n\t]\n}") ==
        std::vector<std::string>{"4: account \"a\" stands twice, first on line 3"});
}

TEST_CASE("what has the wrong shape is refused where it stands") {
  const auto [text, refusal] = GENERATE(table<std::string, std::string>({
      {"", "0: the file is empty"},
      {"# nothing\n", "0: the file is empty"},
      {"a: 1\n---\nb: 2\n", "0: the file holds several documents"},
      {"- 1\n", "1: the file must be a map"},
      {"account: []\n", "1: unknown key \"account\" in the file; valid: participants, accounts"},
      {"accounts: 5\n", "1: accounts must be a list"},
      {"accounts:\n  - alice\n", "2: an account must be a map"},
      {"accounts:\n  - balance: 5\n", "2: an account needs an id"},
      {"accounts:\n  - id: ''\n", "2: account needs an id"},
      {"accounts:\n  - id: [a]\n", "2: id must be text"},
      {"accounts:\n  - id: \"a\\tb\"\n", "2: account id holds a control character"},
      {"accounts:\n  - id: " + std::string(257, 'x') + "\n", "2: account id is over 256 bytes"},
      {"accounts:\n  - id: \"a\\x85\"\n", "2: account id holds a control character"},
      {"accounts:\n  - id: a\xff\n", "2: account id is not valid UTF-8"},
      {"participants:\n  - {id: a, name: \xff, role: supplier}\n", "2: name is not valid UTF-8"},
      {"participants:\n  - {id: a, role: supplier, name: " + std::string(1025, 'x') + "}\n",
       "2: name is over 1024 bytes"},
      {"accounts:\n  - id: a\n    metadata: {k: " + std::string(16384, 'x') + "}\n",
       "3: metadata is over 16 KiB"},
      {"accounts:\n  - id: a\n    metadata: {\xff: x}\n", "3: metadata is not valid UTF-8"},
      {"accounts:\n  - id: a\n    balance: -1\n", "2: balance -1 is negative"},
      {"accounts:\n  - id: a\n    balance: [1]\n", "3: balance must be a single value"},
      {"accounts:\n  - id: a\n    id: b\n", "3: key \"id\" stands twice in an account"},
      {"accounts:\n  - id: a\n    metadata: x\n", "3: metadata must be a map"},
      {"accounts:\n  - id: a\n    metadata: {k: [1]}\n", "3: metadata must map text to text"},
      {"accounts:\n  - {id: a, type: fees}\n",
       "2: unknown key \"type\" in an account; valid: id, balance, floor, metadata"},
      {"accounts:\n  - id: a\n  bad\n", "3: end of map not found"},
  }));
  CAPTURE(text);
  CHECK(refusals(text).front() == refusal);
}

// Found by the fuzz target `import`: the YAML library finds documents without end behind such text,
// and took memory until there was none.
TEST_CASE("a text that goes on behind its document is refused, and soon") {
  CHECK(refusals("\"seb\",\n\"name\": 1") ==
        std::vector<std::string>{"0: the file holds several documents"});
}

// Found by the fuzz target `import`: what stands behind the NUL was rewritten as if it were JSON,
// and read past its end.
namespace {

// A list of `width` aliases that each stand for such a list, `levels` deep, in `participants`.
std::string multiplying(int levels, int width) {
  std::string text = "x0: &x0 {a: b}\n";
  for (int level = 1; level <= levels; ++level) {
    const auto name = "x" + std::to_string(level);
    text += name + ": &" + name + " [";
    for (int i = 0; i < width; ++i) {
      text += (i > 0 ? ", *x" : "*x") + std::to_string(level - 1);
    }
    text += "]\n";
  }
  return text + "participants: *x" + std::to_string(levels) + "\n";
}

// A participant with `accounts` accounts, all of them aliases, listed `times` times.
std::string repeated_participant(int times, int accounts) {
  std::string text = "participants:\n  - &p {id: p, name: P, role: supplier, accounts: [&a {}";
  for (int i = 0; i < accounts; ++i) text += ", *a";
  text += "]}\n";
  for (int i = 0; i < times; ++i) text += "  - *p\n";
  return text;
}

}  // namespace

TEST_CASE("aliases that multiply are refused at their line, and soon") {
  const std::string sentence =
      ": the aliases of the file stand for more than 1000000 nodes or 67108864 bytes: write out "
      "what they stand for, in several files";
  CHECK(refusals(multiplying(20, 10)) == std::vector<std::string>{"7" + sentence});
  // The shape of an import, which was read in full: 40 KB for 12 million accounts.
  const auto text = repeated_participant(4000, 3000);
  CHECK(text.size() < 45'000);
  CHECK(refusals(text) == std::vector<std::string>{"334" + sentence});
  // Few nodes, many bytes.
  const auto long_name = "participants:\n  - &p {id: " + std::string(1 << 20, 'x') + "}\n";
  std::string bytes = long_name;
  for (int i = 0; i < 70; ++i) bytes += "  - *p\n";
  CHECK(refusals(bytes) == std::vector<std::string>{"66" + sentence});
}

TEST_CASE("an alias inside the node that it names is refused") {
  CHECK(refusals("participants: &p\n  - *p\n") ==
        std::vector<std::string>{"2: an alias stands inside the node that it names"});
}

TEST_CASE("aliases that save typing are taken") {
  const auto plan = parse_import(
      "accounts:\n  - {id: a, metadata: &m {country: SE}}\n  - {id: b, metadata: *m}\n");
  REQUIRE(plan);
  CHECK(plan->accounts[1].metadata().at("country") == "SE");
}

TEST_CASE("no more than a thousand errors are listed") {
  const auto errors = refusals(repeated_participant(1000, 0));
  REQUIRE(errors.size() == 1001);
  CHECK(errors.back() == "0: there are more errors, which are not listed");
}

TEST_CASE("a byte order mark before YAML or JSON is skipped") {
  const std::string mark = "\xEF\xBB\xBF";
  REQUIRE(parse_import(mark + fixture("sample.yaml")));
  REQUIRE(parse_import(mark + fixture("sample.json")));
  CHECK(refusals(mark + "accounts:\n  - {id: a, colour: red}\n").size() == 1);
  CHECK(refusals(mark) == std::vector<std::string>{"0: the file is empty"});
}

TEST_CASE("JSON ends with its text, not with a NUL in it") {
  using namespace std::string_literals;
  CHECK_FALSE(parse_import("{}\0\"\\"s));
  CHECK_FALSE(parse_import("{\"accounts\": []}\0{\"a\": \"\\ud83d\\"s));
}

TEST_CASE("two accounts of one type, or an id that is a participant's account, clash") {
  const std::string participant =
      "participants:\n  - {id: p, name: P, role: supplier, accounts: [{type: fees}";
  CHECK(refusals(participant + ", {type: FEES}]}\n") ==
        std::vector<std::string>{"2: account \"p:fees\" stands twice, first on line 2"});
  CHECK(refusals(participant + "]}\naccounts:\n  - id: p:fees\n") ==
        std::vector<std::string>{"4: account \"p:fees\" stands twice, first on line 2"});
}
