// Where the server listens: what it says when it cannot, and Unix sockets.
#include "actors/gateway/transport/listener.hpp"

#include <grpcpp/create_channel.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/support/running_ledger.hpp"
#include "tests/support/temp_directory.hpp"

using namespace sg;
using namespace sg::test;
using actors::Listener;

namespace {

std::string why_not(const config::Endpoint& where) {
  const auto listener = Listener::open(where);
  return listener ? "it listens" : listener.error();
}

config::Endpoint unix_socket(const TempDirectory& directory) {
  return {{}, 0, (directory.path() / "socket").string()};
}

}  // namespace

TEST_CASE("A host that does not resolve, an address elsewhere and a taken port are told apart") {
  CHECK_THAT(why_not({"no-such-host.invalid", 0}),
             Catch::Contains("\"no-such-host.invalid\" does not resolve"));
  CHECK_THAT(why_not({"192.0.2.1", 0}), Catch::Contains("not one of this machine"));
  const auto first = Listener::open({"127.0.0.1", 0});
  REQUIRE(first);
  const auto port = static_cast<std::uint16_t>((*first)->port());
  CHECK_THAT(why_not({"127.0.0.1", port}), Catch::Contains("the port is taken"));
}

TEST_CASE("All addresses of a name get one port") {
  const auto listener = Listener::open({"localhost", 0});
  REQUIRE(listener);
  CHECK((*listener)->port() > 0);
}

TEST_CASE("A socket that another program has put in the same place is left to it") {
  const TempDirectory directory;
  const auto where = unix_socket(directory);
  auto first = Listener::open(where);
  REQUIRE(first);
  REQUIRE(::unlink(where.path.c_str()) == 0);
  const auto second = Listener::open(where);
  REQUIRE(second);
  first->reset();
  struct stat found {};
  CHECK(::stat(where.path.c_str(), &found) == 0);
}

TEST_CASE("A server on a Unix socket serves, is its owner's, and leaves no file behind") {
  const TempDirectory directory;
  auto settings = ledger_settings();
  settings.server.listen = unix_socket(directory);
  const auto& path = settings.server.listen.path;
  {
    LedgerTree tree(settings, memory_store());
    REQUIRE(tree.seat().has_listened);
    struct stat found {};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0600);
    const auto stub = wire::LedgerService::NewStub(
        grpc::CreateChannel("unix:" + path, grpc::InsecureChannelCredentials()));
    const auto create = [&](const std::string& id) {
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + kPatience);
      context.set_wait_for_ready(true);
      wire::CreateAccountRequest request;
      request.set_account_id(id);
      wire::Account account;
      return told(stub->CreateAccount(&context, request, &account));
    };
    CHECK(create("a") == "OK");
    CHECK_THAT(why_not(settings.server.listen), Catch::Contains("another program listens there"));
    tree.restart_child("gateway");
    CHECK(create("b") == "OK");
  }
  struct stat found {};
  CHECK(::stat(path.c_str(), &found) != 0);
}

TEST_CASE("A socket that nobody listens at is taken over, another file is left alone") {
  const TempDirectory directory;
  const auto where = unix_socket(directory);
  {
    // Ends as by a kill: its file stays.
    const int left = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    where.path.copy(address.sun_path, where.path.size());
    REQUIRE(::bind(left, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    ::close(left);
  }
  CHECK(why_not(where) == "it listens");
  std::ofstream(where.path) << "something else";
  CHECK_THAT(why_not(where), Catch::Contains("a file of that name is there"));
  CHECK(std::ifstream(where.path).good());
}
