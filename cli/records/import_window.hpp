// A part of an export that is booked together.
//
// Within a window, records are created in an order that keeps what depends on one another: accounts
// that stand alone, participants, accounts of participants, then all transactions as one atomic
// batch, and seals of keys last. A window ends between two units, so that floors hold at its end,
// as they did in the ledger that the file comes from. If the ledger does not take messages of that
// size, the batch is divided between two units as well; and before a reversal of what is in it,
// since that one has to name an id of this ledger.
//
// Right before a batch is sent, it is looked what has come since the last look: a batch of an
// earlier run may have been committed late, and its keys may have expired since.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/output/errors.hpp"
#include "cli/records/imported_records.hpp"
#include "cli/session/connection.hpp"

namespace sg::cli {

// A record, and the line of the file that it stands on.
struct ImportItem {
  Record record;
  std::size_t line = 0;
};

// How many records of one sort ended in which way.
struct RecordTally {
  std::uint64_t imported = 0;
  std::uint64_t already_there = 0;  // an earlier run has imported them
};
struct ImportTallies {
  RecordTally participants;
  RecordTally accounts;
  RecordTally transactions;
  RecordTally seals;  // of keys
};
// The tally of the record's sort.
RecordTally& tally_of(ImportTallies& tallies, const Record& record);

struct ImportWindow {
  // By kind, and each in the order of the file.
  std::vector<ImportItem> standalone;
  std::vector<ImportItem> participants;
  std::vector<ImportItem> owned;
  std::vector<ImportItem> transactions;
  std::vector<ImportItem> seals;
  std::size_t bytes = 0;  // of the messages

  void add(ImportItem item);
  std::size_t size() const {
    return standalone.size() + participants.size() + owned.size() + transactions.size() +
           seals.size();
  }
};

// Books windows, one after the other. For one thread at a time.
class WindowImport {
 public:
  // `ledger`: that the file comes from. Needs: the others outlive it.
  WindowImport(Connection& connection, ImportedRecords& there, std::string ledger);

  // Books all of it, or says why not: then the tallies say what was booked.
  [[nodiscard]] std::optional<Failure> book(ImportWindow& window, ImportTallies& tallies);

 private:
  std::optional<Failure> create(std::vector<ImportItem>& items, ImportTallies& tallies);
  std::optional<Failure> transfer(std::vector<ImportItem>& items, ImportTallies& tallies);
  // How many of the first items make the next batch: whole units, and one at least.
  std::size_t next_batch(const std::vector<ImportItem>& items) const;
  // Sends them as one batch. The failure names the item that was refused itself, if one was.
  std::optional<Failure> send(std::span<const ImportItem> items);
  // The batch was too large: the next ones have to be smaller, or else the failure says why not.
  std::optional<Failure> divide(std::span<const ImportItem> items, const Failure& refused);
  // Looks again. Takes out what an earlier run has brought since the last look, and returns how
  // many these were. The failure: one of the others must not be imported.
  tl::expected<std::size_t, Failure> take_out_known(std::vector<ImportItem>& items,
                                                    ImportTallies& tallies);

  Connection& connection_;
  ImportedRecords& there_;
  const std::string ledger_;
  std::size_t most_bytes_ = std::numeric_limits<std::size_t>::max();  // of a batch
};

// The failure with the place in the file before its message.
Failure at_item(Failure failure, const Record& record, std::size_t line);

}  // namespace sg::cli
