// What a handler throws ends its call, and never the gateway's thread.
#include "actors/gateway/transport/operation.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>

using namespace sg::actors;

namespace {

struct FakeCall {
  void handle(bool ok) {
    if (!ok) throw std::runtime_error("out of something");
    ++handled;
  }
  void failed(const std::exception& error) { failure = error.what(); }

  int handled = 0;
  std::string failure;
  OperationOf<FakeCall, &FakeCall::handle> operation{this};
};

}  // namespace

TEST_CASE("A handler that throws fails its call") {
  FakeCall call;
  Operation& operation = call.operation;
  operation.done(true);
  CHECK(call.handled == 1);
  CHECK(call.failure.empty());
  operation.done(false);
  CHECK(call.failure == "out of something");
}
