// The log of what was answered and refused: its chain, its end after a crash, its bounds.
#include "security/audit_log.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "security/bytes.hpp"
#include "tests/support/temp_directory.hpp"

namespace sg::security {
namespace {

using nlohmann::json;

class Bed {
 public:
  explicit Bed(std::uint64_t max_bytes = 1 << 30) : max_bytes_(max_bytes) { open(); }
  void open() {
    log_.reset();
    log_ = AuditLog::open(folder_.path() / "audit", max_bytes_, [this](const std::string& what) {
             told.push_back(what);
           }).value();
  }
  void close() { log_.reset(); }
  AuditLog* operator->() { return log_.get(); }
  void add(const std::string& caller) {
    AuditEvent event;
    event.caller = caller;
    event.method = "GetTree";
    event.outcome = "OK";
    log_->add(std::move(event));
  }
  // All lines, whose chain has to be whole.
  std::vector<json> lines() {
    std::vector<json> all;
    std::string previous;
    const auto read = log_->read(1, 1'000'000).value();
    for (const auto& text : read.lines) {
      auto line = json::parse(text);
      if (!all.empty()) {
        CHECK(line["previous"] == previous);
        CHECK(line["number"] == all.back()["number"].get<int>() + 1);
      }
      previous = to_hex(sha256(text));
      all.push_back(std::move(line));
    }
    return all;
  }
  std::filesystem::path only_file() {
    return std::filesystem::directory_iterator(folder_.path() / "audit")->path();
  }
  std::size_t files() {
    const std::filesystem::directory_iterator all(folder_.path() / "audit");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  std::vector<std::string> told;

 private:
  test::TempDirectory folder_;
  std::uint64_t max_bytes_;
  std::unique_ptr<AuditLog> log_;
};

TEST_CASE("What was added is read back, in order and chained, also after an opening",
          "[security][audit]") {
  Bed bed;
  CHECK(bed.lines().empty());
  bed.add("a");
  bed.add("b\n\"\\");
  bed->flush();
  REQUIRE(bed.lines().size() == 2);
  CHECK(bed.lines()[0]["number"] == 1);
  CHECK(bed.lines()[0]["previous"] == std::string(64, '0'));
  CHECK(bed.lines()[1]["caller"] == "b\n\"\\");
  bed.open();
  bed.add("c");
  bed->flush();
  REQUIRE(bed.lines().size() == 3);
  CHECK(bed->read(3, 10).value().first == 3);
  CHECK(bed->read(2, 1).value().lines.size() == 1);
  CHECK(bed->read(4, 10).value().lines.empty());
}

TEST_CASE("Pages from any line are those of the whole", "[security][audit]") {
  Bed bed(1 << 30);
  for (int i = 0; i < 3'500; ++i) bed.add(std::to_string(i));
  bed->flush();
  const auto whole = bed->read(1, 10'000).value().lines;
  REQUIRE(whole.size() == 3'500);
  for (const std::uint64_t number : {3'400, 1, 999, 1'000, 1'001, 2'001, 3'500, 2'500}) {
    const auto page = bed->read(number, 700).value();
    CHECK(page.first == number);
    REQUIRE(page.lines.size() == std::min<std::size_t>(700, 3'501 - number));
    CHECK(page.lines.front() == whole[number - 1]);
    CHECK(page.lines.back() == whole[number - 2 + page.lines.size()]);
  }
  bed.open();
  CHECK(bed->read(3'000, 10).value().lines.front() == whole[2'999]);
}

TEST_CASE("The end writes what waits", "[security][audit]") {
  Bed bed;
  bed.add("a");
  bed.open();
  CHECK(bed.lines().size() == 1);
}

TEST_CASE("A line that a crash has cut off is removed", "[security][audit]") {
  Bed bed;
  for (const auto* name : {"a", "b"}) bed.add(name);
  bed.close();
  const auto file = bed.only_file();
  const auto size = std::filesystem::file_size(file);
  const auto cut = GENERATE(as<std::uintmax_t>{}, 1, 20, 150);
  std::filesystem::resize_file(file, size - cut);
  bed.open();
  CHECK(bed.lines().size() == 1);
  bed.add("c");
  bed->flush();
  REQUIRE(bed.lines().size() == 2);
  CHECK(bed.lines()[1]["caller"] == "c");
}

TEST_CASE("The oldest lines go when there are too many bytes, and their number is told",
          "[security][audit]") {
  Bed bed(1 << 20);
  const std::string long_name(900, 'x');
  for (int i = 0; i < 3'000; ++i) {
    bed.add(long_name);
    if (i % 50 == 0) bed->flush();
  }
  bed->flush();
  const auto lines = bed.lines();
  CHECK(lines.front()["number"] > 1);
  std::uint64_t removed = 0;
  for (const auto& line : lines) {
    if (line["outcome"] == "REMOVED") removed = line["items"];
  }
  CHECK(removed > 0);
  CHECK(bed.files() <= 18);
  CHECK(bed.told.empty());
  bed.open();
  bed.add("after");
  bed->flush();
  CHECK(bed.lines().back()["caller"] == "after");
}

TEST_CASE("What does not fit in memory is dropped and counted", "[security][audit]") {
  Bed bed;
  const std::string long_name(1'000, 'x');
  for (int i = 0; i < 20'000; ++i) bed.add(long_name);
  bed->flush();
  bed.add("next");
  bed->flush();
  std::uint64_t dropped = 0;
  for (const auto& line : bed.lines()) dropped += line["dropped"].get<std::uint64_t>();
  CHECK(dropped + bed.lines().size() == 20'001);
}

TEST_CASE("Strangers have few lines, and the others are counted", "[security][audit]") {
  Bed bed;
  for (int i = 0; i < 1'000; ++i) bed.add("");
  bed.add("ops");
  bed->flush();
  const auto lines = bed.lines();
  // The log's own thread may have written in between.
  CHECK(lines.size() <= 3 * AuditLog::kMostOfStrangers);
  std::uint64_t dropped = 0;
  for (const auto& line : lines) dropped += line["dropped"].get<std::uint64_t>();
  CHECK(dropped + lines.size() == 1'001);
  CHECK(lines.back()["caller"] == "ops");
}

TEST_CASE("Long texts are cut before they are counted", "[security][audit]") {
  Bed bed;
  bed.add(std::string(15 << 20, 'x'));
  bed.add(std::string(15 << 20, 'y'));
  bed.add("ops");
  bed->flush();
  CHECK(bed.lines().size() == 3);
}

TEST_CASE("A folder that cannot be made is told", "[security][audit]") {
  test::TempDirectory folder;
  std::ofstream(folder.path() / "audit") << "a file";
  const auto opened = AuditLog::open(folder.path() / "audit", 1 << 20, [](const std::string&) {});
  REQUIRE_FALSE(opened);
  CHECK_THAT(opened.error(), Catch::Contains("audit"));
}

}  // namespace
}  // namespace sg::security
