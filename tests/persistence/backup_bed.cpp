#include "backup_bed.hpp"

#include <fstream>
#include <iterator>

namespace sg::persistence::test {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

void BackupBed::write(int groups) {
  std::vector<Amount> now(3);
  if (balances.empty()) {
    for (std::size_t i = 0; i < now.size(); ++i) {
      now[i] = 1'000;
      ledger.create_account("account" + std::to_string(i), now[i]);
      std::vector<Amount> known(now.begin(), now.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      balances[ledger->durable()] = known;
    }
  }
  now = balances.rbegin()->second;
  for (int i = 0; i < groups; ++i) {
    ++ledger.now;
    ledger.run_ms += 10;
    Group group = ledger->begin_group(ledger.now, ledger.run_ms);
    // Units of one, two and three transfers.
    for (int unit = 1; unit <= 3; ++unit) {
      for (int one = 0; one < unit; ++one) {
        const Amount amount = 1 + group.last_sequence() % 7;
        const auto key = "key" + std::to_string(group.last_sequence() + 1);
        const TransferSpec spec{{{0, -amount}, {static_cast<AccountNumber>(1 + one % 2), amount}},
                                "reference " + std::to_string(i),
                                key};
        keys[key] = group.add(spec.record());
        now[0] -= amount;
        now[1 + one % 2] += amount;
      }
      group.end_unit();
      balances[group.last_sequence()] = now;
    }
    ledger.append(std::move(group));
  }
}

Sequence BackupBed::unit_end(Sequence sequence) const {
  const auto after = balances.upper_bound(sequence);
  return after == balances.begin() ? 0 : std::prev(after)->first;
}

BackupFolder BackupBed::folder(const std::string& name) {
  return value_of(value_of(BackupFolder::open(directory_.path())).make_below(name));
}

StoreResult<BackupRun> BackupBed::try_run(const std::string& name) {
  const auto to = folder(name);
  BackupOptions options;
  options.segment_bytes = segment_bytes;
  options.now = [this] { return ++wall_clock; };
  return run_backup(*ledger, to, options, {});
}

BackupReport BackupBed::verify(const std::string& name) {
  return value_of(verify_backup(folder(name), {}));
}

StoreResult<Restored> BackupBed::try_restore(const RestoreUntil& until, const std::string& name) {
  const auto from = folder(name);
  return restore(from, target(), {}, until, {}, [](const Store& store, const Restored&) {
    return value_of(store.verify({})).problems.empty();
  });
}

void BackupBed::check_restored(const Restored& restored, Sequence sequence) {
  CHECK(restored.head.sequence == sequence);
  const auto store = value_of(open_store(target(), {}));
  CHECK(store->durable() == sequence);
  CHECK(store->checkpoint() == sequence);
  CHECK(store->unindexed() == 0);
  CHECK(value_of(store->verify({})).problems.empty());
  if (sequence == 0) return;
  CHECK(value_of(store->load_balances()) == balances.at(sequence));
  for (const auto& [key, bound_to] : keys) {
    INFO(key);
    const auto found = value_of(find_key(*store, key));
    CHECK(found.has_value() == (bound_to <= sequence));
    if (found) CHECK(found->sequence == bound_to);
  }
}

}  // namespace sg::persistence::test
