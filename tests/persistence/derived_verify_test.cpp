// That verification holds everything derived against the chain, and can be done on a store that
// may only be read.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "bed.hpp"
#include "persistence/chain/format.hpp"
#include "persistence/encoding/bytes.hpp"
#include "persistence/index/run_list.hpp"

namespace sg::persistence::test {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

std::string all_problems(Store& store) {
  std::string text;
  for (const auto& problem : value_of(store.verify(nullptr)).problems) text += problem + "\n";
  return text;
}

StoreOptions small_chunks() {
  StoreOptions options;
  options.index_chunk = 20;
  options.key_retention_ms = 1'000;
  return options;
}

void add_participant(Bed& store, const std::string& id) {
  Group group = store->begin_group(store.now, store.run_ms);
  ledger::NewParticipant participant;
  participant.id = id;
  participant.role = ledger::ParticipantRole::supplier;
  group.add(participant);
  group.end_unit();
  ledger::NewAccount account;
  account.id = id + ":fees";
  account.participant_id = id;
  account.type = ledger::AccountType::fees;
  group.add(account);
  group.end_unit();
  store.append(std::move(group));
}

void fill(Bed& store, int transfers) {
  store.create_account("a", 1'000'000);
  add_participant(store, "p");
  for (int i = 0; i < transfers; ++i) {
    store.transfer({{{0, -1}, {1, 1}, {0, 0}}, "r", "key " + std::to_string(i)});
  }
}

// Writes the run's first page anew, without its last mention.
void drop_a_mention(Bed& store, Index index, std::uint32_t run) {
  const auto key = run_key(run, 0);
  auto page = *store.disk().row(family_of(index), key);
  std::string shorter;
  // The last mention of a page is its last two varints, one byte each at the least.
  for (std::size_t cut = 2; cut < page.size(); ++cut) {
    shorter = page.substr(0, page.size() - cut);
    ByteReader in(shorter);
    std::size_t numbers = 0;
    while (in.left() > 0 && in.ok()) {
      in.varint();
      ++numbers;
    }
    if (in.ok() && numbers % 2 == 0) break;
  }
  store.disk().set_row(family_of(index), key, shorter);
}

RunList runs_of(Bed& store) {
  return *decode_run_list(*store.disk().row(Family::meta, std::string(kMetaRuns)));
}

// What lies under the folder, the lock included: names, content, and times of the last change.
std::vector<std::string> state_of(const fs::path& folder) {
  std::vector<std::string> state;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    struct stat info {};
    REQUIRE(::stat(entry.path().c_str(), &info) == 0);
    std::string bytes;
    if (entry.is_regular_file()) {
      std::ifstream in(entry.path(), std::ios::binary);
      bytes.assign(std::istreambuf_iterator<char>(in), {});
    }
    state.push_back(entry.path().string() + " " + std::to_string(info.st_mtim.tv_sec) + "." +
                    std::to_string(info.st_mtim.tv_nsec) + " " + std::to_string(info.st_mode) +
                    " " + bytes);
  }
  std::sort(state.begin(), state.end());
  return state;
}

}  // namespace

TEST_CASE("Histories and keys are held against the chain, in runs and in memory") {
  Bed store(GENERATE(Backend::memory, Backend::rocksdb), small_chunks());
  fill(store, 100);
  SECTION("in memory only") {}
  SECTION("some in runs") {
    while (value_of(store->index_some(false))) {
    }
  }
  SECTION("all in runs, some merged") { store.index_all(); }
  SECTION("after some have expired") {
    store.index_all();
    store.run_ms += 1'002;
    store.transfer({{{0, -1}, {1, 1}}, "r", "late"});
    store.index_all();
  }
  CHECK(all_problems(*store).empty());
  std::uint64_t entries = 0;
  std::uint64_t total = 0;
  value_of(store->verify([&](const VerifyProgress& progress) {
    entries = progress.entries;
    total = progress.entries_total;
    return true;
  }));
  CHECK(entries > 200);
  CHECK(entries == total);
  store.open();
  CHECK(all_problems(*store).empty());
}

TEST_CASE("Verification finds a history or a key that is missing") {
  Bed store(Backend::memory, small_chunks());
  fill(store, 100);
  store.index_all();
  const auto list = runs_of(store);
  SECTION("a history") {
    drop_a_mention(store, Index::history, list.runs[at(Index::history)].front().id);
    CHECK_THAT(all_problems(*store),
               Contains("the histories of sequences 1 to ") && Contains("the records make"));
  }
  SECTION("a key") {
    drop_a_mention(store, Index::keys, list.runs[at(Index::keys)].front().id);
    CHECK_THAT(all_problems(*store), Contains("the key index of sequences 1 to "));
  }
  SECTION("a whole run") {
    auto shorter = list;
    shorter.runs[at(Index::keys)].erase(shorter.runs[at(Index::keys)].begin());
    store.disk().set_row(Family::meta, std::string(kMetaRuns), encode(shorter));
    store.open();
    CHECK_THAT(all_problems(*store), Contains("the key index lack"));
  }
  SECTION("other entries than the records make") {
    const auto key = run_key(list.runs[at(Index::history)].front().id, 0);
    auto page = *store.disk().row(Family::history, key);
    page[1] = static_cast<char>(page[1] + 1);
    store.disk().set_row(Family::history, key, page);
    CHECK_FALSE(all_problems(*store).empty());
  }
}

TEST_CASE("Verification finds rows of accounts and participants that no record made") {
  Bed store(Backend::memory);
  fill(store, 3);
  const std::string owned = std::string("p") + '\0' + static_cast<char>(ledger::AccountType::fees);
  const auto copy = [&](Family family, const std::string& from, const std::string& to) {
    const auto row = store.disk().row(family, from);
    REQUIRE(row.has_value());
    store.disk().set_row(family, to, row);
  };
  SECTION("an account's id") {
    copy(Family::account_ids, "a", "ghost");
    CHECK_THAT(all_problems(*store),
               Contains("account_ids has 3 rows, the chain's records make 2"));
  }
  SECTION("a participant") {
    copy(Family::participants, "p", "ghost");
    CHECK_THAT(all_problems(*store), Contains("participants has 2 rows"));
  }
  SECTION("a participant's account") {
    copy(Family::participant_accounts, owned, std::string("q") + owned.substr(1));
    CHECK_THAT(all_problems(*store), Contains("participant_accounts has 2 rows"));
  }
  SECTION("a participant's account that is missing") {
    store.disk().set_row(Family::participant_accounts, owned, std::nullopt);
    CHECK_THAT(all_problems(*store), Contains("'p:fees' is not found by its participant"));
  }
}

TEST_CASE("A store is verified where it may only be read, and no byte of it changes") {
  constexpr uid_t kNobody = 65534;
  Bed store(Backend::rocksdb, small_chunks());
  fill(store, 100);
  while (value_of(store->index_some(false))) {
  }
  const BalancePage page{0, store->durable(), {999'900, 100}};
  succeeded(store->write_balances({&page, 1}));
  succeeded(store->write_checkpoint(store->durable()));
  store.transfer({{{0, -1}, {1, 1}}});
  const auto path = store.directory();
  store.close();
  const bool has_lock = GENERATE(true, false);
  if (!has_lock) fs::remove(path / "lock");
  if (::geteuid() == 0) {
    REQUIRE(::chown(path.c_str(), kNobody, kNobody) == 0);
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      REQUIRE(::chown(entry.path().c_str(), kNobody, kNobody) == 0);
    }
    fs::permissions(path.parent_path(), fs::perms::all);
  }
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    fs::permissions(entry.path(), entry.is_directory()
                                      ? fs::perms::owner_read | fs::perms::owner_exec
                                      : fs::perms::owner_read);
  }
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_exec);
  const auto before = state_of(path);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(kNobody) != 0) ::_exit(200);
    const auto opened = open_store_to_read(path, {});
    if (!opened) ::_exit(100 + static_cast<int>(opened.error().fault));
    const auto report = (*opened)->verify(nullptr);
    ::_exit(report && report->problems.empty() && report->records == 104 ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(state_of(path) == before);
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    fs::permissions(entry.path(), fs::perms::owner_all);
  }
  fs::permissions(path, fs::perms::owner_all);
}

TEST_CASE("A store that is opened to be read is not made, written, or shared with a writer") {
  Bed store(Backend::rocksdb);
  fill(store, 1);
  const auto opened = open_store_to_read(store.directory(), {});
  REQUIRE_FALSE(opened.has_value());
  CHECK(static_cast<int>(opened.error().fault) == static_cast<int>(StoreFault::locked));
  store.close();
  {
    const auto reader = value_of(open_store_to_read(store.directory(), {}));
    const auto second = value_of(open_store_to_read(store.directory(), {}));
    CHECK_FALSE(store.try_open().has_value());
    Group group = reader->begin_group(1, 1);
    group.add(TransferSpec{{{0, 1}}}.record());
    CHECK_FALSE(reader->append_now(std::move(group)).has_value());
  }
  CHECK(store.try_open().has_value());
  const auto nowhere = store.directory().parent_path() / "nowhere";
  CHECK_FALSE(open_store_to_read(nowhere, {}).has_value());
  CHECK_FALSE(fs::exists(nowhere));
}

}  // namespace sg::persistence::test
