#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bed.hpp"

namespace sg::persistence::test {

// What the test below starts: writes to the store at STORE_PATH until it is killed, and tells the
// descriptor ACKNOWLEDGED_FD what became durable.
TEST_CASE("A writer that is to be killed", "[.writer]") {
  const int acknowledged = std::stoi(::getenv("ACKNOWLEDGED_FD"));
  const auto store = value_of(open_store(::getenv("STORE_PATH"), {}));
  for (;;) {
    Group group = store->begin_group(1, 1);
    if (store->durable() == 0) {
      ledger::NewAccount account;
      account.id = "a";
      group.add(account);
    } else {
      const auto key = "k" + std::to_string(group.last_sequence() + 1);
      group.add(TransferSpec{{{0, 1}}, "reference", key}.record());
    }
    succeeded(store->append_now(std::move(group)));
    const Sequence durable = store->durable();
    REQUIRE(::write(acknowledged, &durable, sizeof durable) == sizeof durable);
  }
}

TEST_CASE("A store that was killed while it was written to opens with all that was acknowledged") {
  TempDirectory directory;
  const auto path = directory.path() / "store";
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  // A new program, not only a fork: RocksDB's threads do not come along.
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::setenv("STORE_PATH", path.c_str(), 1);
    ::setenv("ACKNOWLEDGED_FD", std::to_string(pipe[1]).c_str(), 1);
    ::execl("/proc/self/exe", "persistence_tests", "[.writer]", nullptr);
    ::_exit(1);
  }
  ::close(pipe[1]);
  Sequence acknowledged = 0;
  while (acknowledged < 200) {
    REQUIRE(::read(pipe[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged);
  }
  REQUIRE(::kill(child, SIGKILL) == 0);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  for (Sequence last = 0; ::read(pipe[0], &last, sizeof last) == sizeof last;) acknowledged = last;
  ::close(pipe[0]);

  const auto store = value_of(open_store(path, {}));
  CHECK(store->durable() >= acknowledged);
  CHECK(value_of(store->verify(nullptr)).problems.empty());
  CHECK(value_of(store->load_balances()).front() == static_cast<Amount>(store->durable()) - 1);
  const auto binding = value_of(find_key(*store, "k" + std::to_string(acknowledged)));
  REQUIRE(binding.has_value());
  CHECK(binding->sequence == acknowledged);
}

}  // namespace sg::persistence::test
