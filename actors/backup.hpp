// What is asked of the backups of this node, and what is answered.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "actors/page.hpp"
#include "persistence/backup/backup_run.hpp"

namespace sg::actors {

// In all of them an empty name is that of the default backup.
struct CreateBackup {
  std::string name;
};
struct ListBackups {
  std::int64_t limit = 0;  // 0: 100
  std::string token;
};
struct GetBackup {
  std::string name;
  std::int64_t limit = 0;  // of segments; 0: 100
  std::string token;
};
struct VerifyBackup {
  std::string name;
};
struct BackupAsk {
  std::variant<CreateBackup, ListBackups, GetBackup, VerifyBackup> what;
};

struct BackupFacts {
  std::string name;
  persistence::Sequence sequence = 0;
  persistence::TimeMs first_time = 0;
  persistence::TimeMs last_time = 0;
  persistence::TimeMs written = 0;
  std::uint64_t segments = 0;
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;
  persistence::BlockHash hash{};  // of the last block
  std::string problem;            // why nothing of it can be told; empty: it can
};
struct BackupCreated {
  BackupFacts facts;
  std::uint64_t bytes = 0;  // that were written
};
struct BackupContents {
  BackupFacts facts;
  Page<persistence::Segment> segments;
};
struct BackupVerified {
  BackupFacts facts;
  std::uint64_t bytes = 0;  // that were read
  std::vector<std::string> problems;
};

}  // namespace sg::actors
