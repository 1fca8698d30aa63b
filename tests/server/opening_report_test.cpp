// What the log says of a long opening, and how often.
#include "server/opening_report.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <catch2/catch.hpp>
#include <sstream>
#include <vector>

namespace sg::server {
namespace {

using persistence::OpeningProgress;
using persistence::OpeningStep;
using std::chrono::milliseconds;

// Takes the place of the log for one test.
class Log {
 public:
  Log() : before_(spdlog::default_logger()) {
    auto logger = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
    logger->set_pattern("%v");
    spdlog::set_default_logger(std::move(logger));
  }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log() { spdlog::set_default_logger(before_); }

  std::vector<std::string> lines() const {
    std::istringstream in(text_.str());
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_;
};

}  // namespace

TEST_CASE("A step of an opening is named with its unit and how far it is") {
  const auto [at, text] = GENERATE(table<OpeningProgress, std::string>({
      {{OpeningStep::database, 0, 0}, "reading the write-ahead log, 0 MiB at most"},
      {{OpeningStep::database, 0, 1}, "reading the write-ahead log, 1 MiB at most"},
      {{OpeningStep::database, 0, 256ULL << 20}, "reading the write-ahead log, 256 MiB at most"},
      {{OpeningStep::balances, 5, 9}, "applying records to the balances of the checkpoint: 5 of 9"},
      {{OpeningStep::accounts, 0, 3}, "reading the accounts: 0 of 3"},
      {{OpeningStep::indexes, 7, 7}, "reading the records that no index has: 7 of 7"},
  }));
  CHECK(to_text(at) == text);
}

TEST_CASE("A short opening has a line at its begin and one at its end") {
  Log log;
  OpeningReport::Clock::time_point now{};
  OpeningReport report("/store", [&now] { return now; });
  for (std::uint64_t done = 0; done < 100; ++done) {
    report.told({OpeningStep::balances, done, 100});
  }
  now += milliseconds(17);
  persistence::ChainHead head;
  head.sequence = 12;
  head.accounts = 3;
  report.opened(head);
  CHECK(log.lines() ==
        std::vector<std::string>{"opening the store in /store",
                                 "the store is open: sequence 12, 3 accounts, after 17 ms"});
}

TEST_CASE("A long opening says every two seconds how far it is") {
  Log log;
  OpeningReport::Clock::time_point now{};
  OpeningReport report("/store", [&now] { return now; });
  for (std::uint64_t done = 0; done < 50; ++done) {
    report.told({OpeningStep::balances, done, 50});
    now += milliseconds(100);
  }
  CHECK(log.lines() ==
        std::vector<std::string>{
            "opening the store in /store",
            "opening the store: applying records to the balances of the checkpoint: 20 of 50",
            "opening the store: applying records to the balances of the checkpoint: 40 of 50"});
}

}  // namespace sg::server
