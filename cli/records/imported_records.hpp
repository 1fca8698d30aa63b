// Which records of an export stand in a ledger already, because an earlier run of the import has
// brought them there; and what must not be imported there at all.
//
//   ImportedRecords there(connection, header);
//   if (auto failure = there.look()) return fail(*failure);
//   auto is_there = there.has(record);         // for every record of the file, in its order
//
// A transaction is known by its key, which import_key() makes of the ledger and the sequence that
// it had there; its content has to be what an import makes of the record. A participant or an
// account is known by its content: all of it is the same. Equal content does not prove where an
// account comes from, but the first transaction on it does: if that is not of the same ledger, the
// account is somebody else's.
//
// Operation: look() reads the whole ledger. Then its records are read once more, beside the file.
// An import keeps the order of the file, but for what was under way at once. So only few of them
// wait for their turn.
//
// Concurrency: thread-safe; a call waits for the others. Limits: kMostWaiting of each sort, and the
// id of each account that has a transaction (about 100 bytes).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cli/output/errors.hpp"
#include "cli/records/record_fields.hpp"
#include "cli/records/record_stream.hpp"
#include "cli/session/connection.hpp"

namespace sg::cli {

// "import:LEDGER:SEQUENCE": the idempotency key of an imported transaction.
std::string import_key(const std::string& ledger, std::uint64_t sequence);

class ImportedRecords {
 public:
  static constexpr std::size_t kMostWaiting = 1 << 20;

  // `header`: of the file. Needs: the connection outlives it.
  ImportedRecords(Connection& connection, const ExportHeader& header);

  // Looks at what is in the ledger now. Called once, before the others. The failure also says that
  // the file does not belong there: it is of the same ledger, or what comes before it is missing.
  [[nodiscard]] std::optional<Failure> look();
  // Why the record must not be imported, as far as the looks went: it came from this ledger, or an
  // account of it is somebody else's.
  [[nodiscard]] std::optional<Failure> refuse(const Record& record) const;
  // Whether the record is there, as far as the looks went. Each record is asked for once, by rising
  // sequence. The failure is that of refuse(), or says that another record stands in its place, or
  // that the connection was lost.
  [[nodiscard]] tl::expected<bool, Failure> has(const Record& record);
  // The same for records that were not there, by rising sequence, after a look at what has come
  // since the last look. One answer for each. Needs: one record at least.
  [[nodiscard]] tl::expected<std::vector<bool>, Failure> look_again(
      const std::vector<const Record*>& records);

  // Transactions that are not of this export, as far as the looks went.
  std::uint64_t others() const;

 private:
  using Digest = std::size_t;

  // Reads what has come since the last look. `take` is called with each record.
  template <class Take>
  std::optional<Failure> read_on(Take take);
  // Notes whose the accounts of a record are.
  void survey(const Record& record);
  std::optional<Failure> refuse_locked(const Record& record) const;
  // The sequence that an imported transaction had in the other ledger. Nullopt: it is not of it.
  std::optional<std::uint64_t> origin_of(const Record& record) const;
  // Lets the record wait until it is asked for.
  std::optional<Failure> take(const Record& record);
  void add_creation(Digest digest);
  // Whether it is the same, if there is one in its place among those that wait.
  std::optional<bool> find(const Record& record);
  tl::expected<bool, Failure> answer(const Record& record, std::optional<bool> found) const;

  Connection& connection_;
  const ExportHeader header_;
  const std::string prefix_;  // of the keys of this export
  mutable std::mutex mutex_;
  std::string own_ledger_;       // that is looked at; empty: nothing was ever committed there
  std::uint64_t looked_to_ = 0;  // the last sequence that a look has read
  std::uint64_t others_ = 0;
  bool has_before_ = false;  // the transaction is there that the file begins after
  // By account: the sequence of the first transaction on it if that is not of this export, or else
  // 0.
  std::unordered_map<std::string, std::uint64_t> first_use_;
  std::optional<RecordStream> beside_;  // what is read beside the file; nothing: all of it was
  std::uint64_t asked_to_ = 0;          // nobody asks for transactions before it
  // Transactions by the sequence that they had, until they are asked for.
  std::unordered_map<std::uint64_t, Digest> transactions_;
  // Participants and accounts, until they are asked for; the oldest are forgotten.
  std::unordered_set<Digest> creations_;
  std::deque<Digest> order_;  // in which they came
};

}  // namespace sg::cli
