#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bed.hpp"

namespace sg::persistence::test {
namespace {

// No file of this process grows past so many bytes, as on a disk without space.
void limit_files(rlim_t bytes) {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
  limit.rlim_cur = bytes;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

StoreResult<void> append_transfer(Store& store) {
  Group group = store.begin_group(1, 1);
  group.add(TransferSpec{{{0, 1}}, "reference"}.record());
  return store.append_now(std::move(group));
}

}  // namespace

// What the test below starts.
TEST_CASE("A store whose files cannot grow", "[.full]") {
  ::signal(SIGXFSZ, SIG_IGN);
  const auto store = value_of(open_store(::getenv("STORE_PATH"), {}));
  Group group = store->begin_group(1, 1);
  ledger::NewAccount account;
  account.id = "a";
  group.add(account);
  succeeded(store->append_now(std::move(group)));
  succeeded(append_transfer(*store));

  limit_files(1);
  CHECK_FALSE(append_transfer(*store).has_value());
  for (int attempt = 0; attempt < 3; ++attempt) CHECK_FALSE(store->reopen().has_value());

  limit_files(RLIM_INFINITY);
  succeeded(store->reopen());
  CHECK(store->durable() == 2);
  succeeded(append_transfer(*store));
  CHECK(value_of(store->verify(nullptr)).problems.empty());
}

// RocksDB's own log ended the process: it asserts that nothing is written to it after a failure.
TEST_CASE("A store on a disk without space closes, refuses to open, and opens when there is some") {
  TempDirectory directory;
  const auto path = directory.path() / "store";
  // A new program: the limit is the process's.
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::setenv("STORE_PATH", path.c_str(), 1);
    ::execl("/proc/self/exe", "persistence_tests", "[.full]", nullptr);
    ::_exit(1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace sg::persistence::test
