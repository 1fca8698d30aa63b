#include "telemetry/log.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/temp_directory.hpp"

namespace sg::telemetry {
namespace {

constexpr std::array<std::string_view, kModules> kNames{
    "calls",   "coordinator", "forwarder", "gateway", "indexer", "journal", "links",
    "queries", "replica",     "server",    "shards",  "status",  "store",   "supervisor"};

// A log in a file, with the settings of a test.
class LogFile {
 public:
  explicit LogFile(bool json, std::size_t max_bytes = 1 << 20) {
    LogOptions options;
    options.json = json;
    options.file = path();
    options.max_file_bytes = max_bytes;
    options.max_files = 2;
    options.modules = kNames;
    REQUIRE(start_log(options).empty());
    set_levels(spdlog::level::info, {});
  }
  std::filesystem::path path() const { return folder_.path() / "test.log"; }
  std::string text() const {
    std::ostringstream all;
    all << std::ifstream(path()).rdbuf();
    return all.str();
  }

 private:
  test::TempDirectory folder_;
};

TEST_CASE("A line of JSON holds whatever a message holds", "[telemetry][log]") {
  const LogFile file(true);
  log(Module::journal).warn("\"quoted\" back\\slash\nline\ttab {}", 5);
  const auto line = nlohmann::json::parse(file.text());
  CHECK(line["module"] == "journal");
  CHECK(line["level"] == "warning");
  CHECK(line["message"] == "\"quoted\" back\\slash\nline\ttab 5");
  CHECK(line["time"].get<std::string>().size() == std::string("2026-11-28T10:00:00.123Z").size());
}

TEST_CASE("A line has fields of its own, and the next has not", "[telemetry][log]") {
  const LogFile file(true);
  log_with(Module::calls, spdlog::level::info, "Transfer",
           {{"code", "OK"}, {"duration_us", "120", true}});
  log(Module::calls).info("another");
  std::istringstream lines(file.text());
  std::string line;
  std::getline(lines, line);
  const auto first = nlohmann::json::parse(line);
  CHECK(first["code"] == "OK");
  CHECK(first["duration_us"] == 120);
  std::getline(lines, line);
  CHECK_FALSE(nlohmann::json::parse(line).contains("code"));
}

TEST_CASE("Text has the module before the message and the fields behind it", "[telemetry][log]") {
  const LogFile file(false);
  log_with(Module::links, spdlog::level::err, "refused", {{"node", "2"}});
  log(Module::server).info("stopping");
  const auto text = file.text();
  CHECK_THAT(text, Catch::Matchers::Contains("] [scalegraphd] [error] links: refused node=2\n"));
  CHECK_THAT(text, Catch::Matchers::Contains("] [scalegraphd] [info] stopping\n"));
}

TEST_CASE("A module may have a level of its own", "[telemetry][log]") {
  const LogFile file(false);
  const std::vector<std::pair<std::string, int>> levels{{"journal", spdlog::level::debug},
                                                        {"links", spdlog::level::err}};
  set_levels(spdlog::level::info, levels);
  log(Module::journal).debug("one");
  log(Module::links).warn("two");
  log(Module::gateway).debug("three");
  log(Module::gateway).info("four");
  const auto text = file.text();
  CHECK_THAT(text, Catch::Matchers::Contains("one"));
  CHECK_THAT(text, !Catch::Matchers::Contains("two"));
  CHECK_THAT(text, !Catch::Matchers::Contains("three"));
  CHECK_THAT(text, Catch::Matchers::Contains("four"));
}

TEST_CASE("A file that is full is closed, and so many are kept", "[telemetry][log]") {
  const LogFile file(false, 1000);
  for (int i = 0; i < 200; ++i) log(Module::server).info("line number {}", i);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(file.path().parent_path())) {
    ++files;
    CHECK(entry.file_size() <= 1000);
  }
  CHECK(files == 3);
  CHECK_THAT(file.text(), Catch::Matchers::Contains("line number 199"));
}

TEST_CASE("A file that cannot be opened is told", "[telemetry][log]") {
  LogOptions options;
  options.file = "/proc/none/x.log";
  options.max_file_bytes = 1000;
  options.max_files = 1;
  options.modules = kNames;
  CHECK_THAT(start_log(options),
             Catch::Matchers::Contains("log.file: cannot write to /proc/none/x.log"));
}

}  // namespace
}  // namespace sg::telemetry
