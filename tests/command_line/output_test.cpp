#include "command_line/output.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

namespace sg::command_line {
namespace {

TEST_CASE("Output is delivered when the stream has passed it on", "[command line]") {
  std::ostringstream out;
  out << "text";
  CHECK(delivered(out));
}

TEST_CASE("Output to a full disk is not delivered, however little or much", "[command line]") {
  for (const std::size_t bytes : {1U, 4096U, 1U << 20U}) {
    std::ofstream full("/dev/full");
    REQUIRE(full);
    full << std::string(bytes, 'x');
    CHECK_FALSE(delivered(full));
  }
}

TEST_CASE("An earlier loss is not forgotten", "[command line]") {
  std::ofstream full("/dev/full");
  full << "lost" << std::flush;
  full << "more";
  CHECK_FALSE(delivered(full));
}

}  // namespace
}  // namespace sg::command_line
