// A ledger with a model of its balances at each sequence, a folder for its backups, and a folder to
// restore into.
#pragma once

#include <map>

#include "bed.hpp"
#include "persistence/backup/backup_run.hpp"
#include "persistence/backup/restore.hpp"

namespace sg::persistence::test {

class BackupBed {
 public:
  explicit BackupBed(Backend backend = Backend::memory) : ledger(backend) {}

  // Three accounts, then groups of transfers, some with keys, some in atomic batches. Each call
  // appends more of them; the model has the balances of every moment at which a unit ended.
  void write(int groups);
  // The last sequence at or before this one at which a unit ended.
  Sequence unit_end(Sequence sequence) const;

  BackupFolder folder(const std::string& name = "backup");
  StoreResult<BackupRun> try_run(const std::string& name = "backup");
  BackupRun run(const std::string& name = "backup") { return value_of(try_run(name)); }
  BackupReport verify(const std::string& name = "backup");

  std::filesystem::path target() const { return directory_.path() / "restored"; }
  StoreResult<Restored> try_restore(const RestoreUntil& until = {},
                                    const std::string& name = "backup");
  // A store that was restored is what the ledger was at that sequence.
  void check_restored(const Restored& restored, Sequence sequence);
  void remove_target() { std::filesystem::remove_all(target()); }

  std::filesystem::path file(const std::string& name) const {
    return directory_.path() / "backup" / name;
  }

  Bed ledger;
  std::map<Sequence, std::vector<Amount>> balances;  // after each unit
  std::map<std::string, Sequence> keys;
  std::uint64_t segment_bytes = 64ULL << 20;
  TimeMs wall_clock = 1'800'000'000'000;

 private:
  TempDirectory directory_;
};

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& bytes);

}  // namespace sg::persistence::test
