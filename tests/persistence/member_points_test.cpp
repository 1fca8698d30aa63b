// A member's process ends at each point of each of its steps, on a real disk: founding, appending,
// acknowledging, voting, committing, cutting, opening. What its store then holds is what it held
// after the last step that was done, or after the next one, and never anything between.
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <tuple>

#include "faults/fault_injection.hpp"
#include "member_bed.hpp"
#include "persistence/rocks/directory_medium.hpp"

namespace sg::persistence::test {
namespace {

constexpr int kEnded = 9;
constexpr std::uint64_t kMember = 7;

// What a member has promised: the end of its log, and its vote.
using Promised = std::tuple<LogIndex, LogTerm, LogPromise>;

// The state after each step of run(). 0: the group is founded.
const std::array<Promised, 9> kAfter{{
    {0, 0, {0, 0}},
    {3, 1, {1, 7}},  // 1: three entries
    {3, 1, {1, 7}},  // 2: two of them are committed
    {3, 1, {2, 3}},  // 3: a vote
    {5, 2, {2, 3}},  // 4: two entries of another leader
    {4, 3, {3, 3}},  // 5: which are cut, for the first entry of a third one
    {5, 3, {3, 3}},  // 6: and one more
    {5, 3, {3, 3}},  // 7: all is committed
    {5, 3, {3, 3}},  // 8: opened anew
}};
// The balance of the account, and how many entries may be committed, at each step.
constexpr std::array<LogIndex, 9> kCommitted{0, 0, 2, 2, 2, 2, 2, 5, 5};

class Script {
 public:
  Script(const std::filesystem::path& path, std::function<void(int)> done)
      : path_(path), done_(std::move(done)) {}

  void run() {
    succeeded(found_group(*make_directory_medium(path_, {}), {}, kMember, "founders"));
    done_(0);
    open();
    write({entry(1, 1, "a"), entry(2, 1, "1"), entry(3, 1, "2")}, {1, 7}, 0);
    done_(1);
    succeeded(store_->commit(2, 1, "after"));
    done_(2);
    write({}, {2, 3}, 2);
    done_(3);
    store_->end_under_way();
    succeeded(store_->commit(2, 1, {}));
    write({entry(4, 2, {}), entry(5, 2, {})}, {2, 3}, 2);
    done_(4);
    write({entry(4, 3, {})}, {3, 3}, 2);
    done_(5);
    write({entry(5, 3, {})}, {3, 3}, 2);
    done_(6);
    succeeded(store_->commit(5, 3, {}));
    done_(7);
    store_.reset();
    open();
    done_(8);
  }

 private:
  void open() {
    store_ = std::make_unique<MemberStore>(make_directory_medium(path_, {}), StoreOptions{});
    succeeded(store_->reopen());
    store_->set_proposer([this](std::vector<SealedBlock> blocks) {
      sealed_ = std::move(blocks.front());
      return true;
    });
  }
  // With `what` a block: "a" creates the account, a number credits it. Without it has none.
  NewEntry entry(LogIndex index, LogTerm term, const std::string& what) {
    if (what.empty()) return {index, {term, 0, {}}, nullptr};
    Group group = store_->begin_group(1'700'000'000'000, 1'000);
    if (what == "a") {
      ledger::NewAccount account;
      account.id = "a";
      group.add(account);
    } else {
      group.add(TransferSpec{{{0, std::stoi(what)}}, "reference", "key " + what}.record());
    }
    REQUIRE_FALSE(store_->append(std::move(group), [](const auto&) {}));
    return {index, {term, 0, sealed_.place}, sealed_.block};
  }
  void write(std::vector<NewEntry> entries, LogPromise promise, LogIndex committed) {
    succeeded(store_->write({std::move(entries), promise, committed}));
  }

  std::filesystem::path path_;
  std::function<void(int)> done_;
  std::unique_ptr<MemberStore> store_;
  SealedBlock sealed_;
};

// Runs the script in a new process, which ends when it reaches a point for the `number`-th time.
// Returns the last step that was done, and whether the process came to its end.
std::pair<int, bool> run_until_point(const std::filesystem::path& path, int number) {
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::setenv("STORE_PATH", path.c_str(), 1);
    ::setenv("DONE_FD", std::to_string(pipe[1]).c_str(), 1);
    ::setenv("POINT", std::to_string(number).c_str(), 1);
    ::execl("/proc/self/exe", "member_point_tests", "[.script]", nullptr);
    ::_exit(1);
  }
  ::close(pipe[1]);
  int done = -1;
  for (int step = 0; ::read(pipe[0], &step, sizeof step) == sizeof step;) done = step;
  ::close(pipe[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE((WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == kEnded));
  return {done, WEXITSTATUS(status) == 0};
}

}  // namespace

TEST_CASE("A member that ends at a point", "[.script]") {
  const int descriptor = std::stoi(::getenv("DONE_FD"));
  const int last = std::stoi(::getenv("POINT"));
  int reached = 0;
  faults::set_handler([&](faults::Point) {
    if (++reached == last) ::_exit(kEnded);
  });
  Script(::getenv("STORE_PATH"), [&](int step) {
    REQUIRE(::write(descriptor, &step, sizeof step) == sizeof step);
  }).run();
  faults::set_handler({});
}

TEST_CASE("A member that ends at any point of any step has done the step or has not") {
  bool is_whole = false;
  int points = 0;
  for (int number = 1; !is_whole; ++number) {
    CAPTURE(number);
    TempDirectory directory;
    const auto path = directory.path() / "store";
    const auto [done, whole] = run_until_point(path, number);
    CAPTURE(done);
    is_whole = whole;
    points = number - 1;
    // Founding once more changes nothing where it is done.
    succeeded(found_group(*make_directory_medium(path, {}), {}, kMember, "founders"));
    const auto opened = open_member_store(path, {});
    INFO((opened ? std::string() : opened.error().message));
    REQUIRE(opened.has_value());
    MemberStore& store = **opened;
    const auto& log = store.log();
    const Promised now{log.last_index(), log.last_term(), log.promise()};
    const auto step = static_cast<std::size_t>(std::max(done, 0));
    const bool is_next = step + 1 < kAfter.size() && now == kAfter[step + 1];
    CHECK((now == kAfter[step] || is_next));
    CHECK(log.applied().index <= kCommitted[std::min(step + 1, kCommitted.size() - 1)]);
    CHECK(store.committed_at_opening() >= log.applied().index);
    CHECK(value_of(store.verify({})).problems.empty());
    // Raft hands over again what was committed.
    const LogIndex committed = kCommitted[step];
    succeeded(store.commit(committed, committed == 5 ? 3 : 1, {}));
    CHECK(value_of(store.verify({})).problems.empty());
    const auto balances = value_of(store.load_balances());
    if (log.applied().index == 2) CHECK(balances == std::vector<Amount>{1});
    if (log.applied().index == 5) CHECK(balances == std::vector<Amount>{3});
  }
  CHECK(points > 20);
}

}  // namespace sg::persistence::test
