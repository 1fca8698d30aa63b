// What the gateway counts at its door: a caller's share, its rate, connections of an address, and
// the days that a certificate has left.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <vector>

#include "actors/gateway/door/client.hpp"
#include "actors/gateway/door/connections.hpp"
#include "actors/gateway/door/credential_watch.hpp"

namespace sg::actors {
namespace {

using namespace std::chrono_literals;

TEST_CASE("What a caller takes is taken of the whole server's too", "[door]") {
  Admissions all(3, 100);
  Admissions own(2, 50, &all);
  auto first = own.admit(30);
  auto second = own.admit(10);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(all.calls() == 2);
  CHECK(all.bytes() == 40);
  const auto third = own.admit(1);
  REQUIRE_FALSE(third);
  CHECK(third.error().limit == Admissions::Limit::calls);
  CHECK(third.error().most == 2);
  // Another caller has the rest.
  Admissions other(0, 0, &all);
  auto its = other.admit(55);
  REQUIRE(its);
  CHECK_FALSE(other.admit(1));
  CHECK_FALSE(second->try_resize(20));  // 105 bytes in all
  CHECK(second->try_resize(15));
  first->give_back();
  CHECK(all.calls() == 2);
  CHECK(all.bytes() == 70);
  CHECK_FALSE(second->try_resize(60));
  CHECK(second->try_resize(45));
  *second = {};
  *its = {};
  CHECK(all.calls() == 0);
  CHECK(all.bytes() == 0);
  CHECK(own.calls() == 0);
}

TEST_CASE("A caller's own bytes are bounded, but one call alone is taken", "[door]") {
  Admissions all(10, 1'000);
  Admissions own(0, 50, &all);
  auto large = own.admit(200);
  REQUIRE(large);
  const auto more = own.admit(1);
  REQUIRE_FALSE(more);
  CHECK(more.error().limit == Admissions::Limit::bytes);
  CHECK(more.error().most == 50);
}

TEST_CASE("A rate has room for a second's worth, and fills steadily", "[door]") {
  Rate rate(10);
  const auto start = Rate::Clock::now();
  int taken = 0;
  while (rate.take(start) && taken < 100) ++taken;
  CHECK(taken == 10);
  CHECK_FALSE(rate.take(start + 50ms));
  CHECK(rate.take(start + 160ms));
  CHECK_FALSE(rate.take(start + 160ms));
  Rate none(0);
  for (int i = 0; i < 1'000; ++i) CHECK(none.take(start));
}

// A connection to a listening socket on loopback: both ends.
struct Pair {
  int client = -1;
  int server = -1;
};

class Listening {
 public:
  Listening() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(socket_, 16) == 0);
  }
  ~Listening() {
    ::close(socket_);
    for (const auto& pair : pairs_) {
      ::close(pair.client);
      ::close(pair.server);
    }
  }
  Pair connect() {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    Pair pair{::socket(AF_INET, SOCK_STREAM, 0), -1};
    REQUIRE(::connect(pair.client, reinterpret_cast<sockaddr*>(&address), size) == 0);
    pair.server = ::accept(socket_, nullptr, nullptr);
    pairs_.push_back(pair);
    return pair;
  }
  // As gRPC does when a connection ends: its descriptor may be given again.
  void end(const Pair& pair) {
    ::close(pair.server);
    ::close(pair.client);
    std::erase_if(pairs_, [&](const Pair& one) { return one.server == pair.server; });
  }

 private:
  int socket_;
  std::vector<Pair> pairs_;
};

TEST_CASE("An address has so many connections, until some have ended", "[door]") {
  Listening listening;
  ConnectionsByAddress connections(2);
  const auto first = listening.connect();
  const auto second = listening.connect();
  CHECK(connections.take(first.server));
  CHECK(connections.take(second.server));
  const auto third = listening.connect();
  CHECK_FALSE(connections.take(third.server));
  listening.end(first);
  const auto fourth = listening.connect();  // with the descriptor of the first
  CHECK(connections.take(fourth.server));
  CHECK_FALSE(connections.take(third.server));
  ConnectionsByAddress unbounded(0);
  for (int i = 0; i < 100; ++i) CHECK(unbounded.take(third.server));
}

TEST_CASE("A certificate that ends is told of at 30, 7 and 1 days, once each", "[door]") {
  const std::chrono::system_clock::time_point now(std::chrono::hours(24) * 20'000);
  int told = std::numeric_limits<int>::max();
  const auto warning = [&](int hours_left) {
    return expiry_warning(now + std::chrono::hours(hours_left), now, told).value_or("");
  };
  CHECK(warning(24 * 31).empty());
  CHECK_THAT(warning(24 * 30), Catch::StartsWith("has 30 days left"));
  CHECK(warning(24 * 29).empty());
  CHECK_THAT(warning(24 * 7 - 1), Catch::StartsWith("has 7 days left"));
  CHECK(warning(24 * 2).empty());
  CHECK_THAT(warning(23), Catch::StartsWith("has 1 day left"));
  CHECK(warning(1).empty());
  CHECK_THAT(warning(0), Catch::StartsWith("has expired"));
  CHECK(warning(-5).empty());
  // A start with few days left tells of the nearest only.
  told = std::numeric_limits<int>::max();
  CHECK_THAT(warning(24 * 5), Catch::StartsWith("has 5 days left"));
  CHECK(warning(24 * 4).empty());
}

}  // namespace
}  // namespace sg::actors
