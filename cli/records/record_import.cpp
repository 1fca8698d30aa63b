// While one window is booked, the next one is read. Windows are booked one after the other, so the
// ledger has at any time all records up to one of them, and perhaps creations of the next.
#include "cli/records/record_import.hpp"

#include <future>

#include "cli/output/table.hpp"
#include "cli/records/import_window.hpp"
#include "cli/records/imported_records.hpp"
#include "cli/records/progress.hpp"
#include "cli/records/retries.hpp"

namespace sg::cli {
namespace {

// A window ends with the unit that reaches either of these. The ledger takes batches of 10,000.
constexpr std::size_t kWindowRecords = 8000;
constexpr std::size_t kWindowBytes = 4 << 20;
constexpr std::size_t kMostTransactions = 10'000;
// Far below the largest request that a ledger takes. A unit that is larger is sent alone.
constexpr std::size_t kMostBytes = 8 << 20;

class Run {
 public:
  Run(Session& session, std::string path, std::istream& in, RecordFormat format, bool is_pipe)
      : session_(session),
        path_(std::move(path)),
        in_(in),
        format_(format),
        is_pipe_(is_pipe),
        progress_(session) {}

  ExitCode operator()() {
    if (!is_pipe_) {
      if (auto failure = check_file()) return fail(*failure);
    }
    reader_.emplace(in_, format_);
    if (auto failure = open()) return fail(*failure);
    // A pipe can be read once only: there each record is held against the ledger as it comes.
    if (!is_pipe_ && there_->others() > 0) {
      rewind();
      if (auto failure = check_file()) return fail(*failure);
      reader_.emplace(in_, format_);
      if (const auto header = reader_->header(); !header) return fail(wrong(header.error()));
    }
    auto failure = import_all();
    // What a window says is of records before those that were read meanwhile.
    if (auto booked = await_window()) failure = booked;
    if (failure && failure->hint.empty()) {
      failure->hint = "what was booked stays; the same command goes on where it was";
    }
    const auto code = failure ? fail(*failure) : kDone;
    progress_.clear();
    report(!failure);
    return code;
  }

 private:
  ExitCode fail(const Failure& failure) {
    progress_.clear();
    return session_.fail(failure);
  }
  Failure wrong(const RecordError& error) const {
    return bad_usage(path_ + ':' + std::to_string(error.line) + ": " + error.message);
  }
  Failure cut_off(const RecordReader& reader) const {
    return bad_usage(path_ + ":" + std::to_string(reader.line()) +
                     ": the file ends here, after sequence " +
                     std::to_string(reader.last_sequence()) +
                     ", without the line that says that it is whole: `scalegraphctl export "
                     "--resume` goes on with it");
  }

  // Reads the file to its end, and holds it against the ledger once that was looked at. Nothing was
  // booked yet, if anything is wrong.
  std::optional<Failure> check_file() {
    RecordReader reader(in_, format_);
    const auto header = reader.header();
    if (!header) return wrong(header.error());
    if (!*header) return cut_off(reader);
    for (;;) {
      const auto record = reader.next();
      if (!record) return wrong(record.error());
      if (!*record) break;
      if (auto failure = there_ ? there_->refuse(**record) : std::nullopt) {
        return at_item(std::move(*failure), **record, reader.line());
      }
      progress_.tell("checking " + path_ + ": sequence ", reader.last_sequence());
    }
    if (!reader.is_complete()) return cut_off(reader);
    last_ = reader.last_sequence();
    rewind();
    return std::nullopt;
  }
  void rewind() {
    in_.clear();
    in_.seekg(0);
  }

  // Reads the header, connects, and looks at what is in the ledger.
  std::optional<Failure> open() {
    const auto header = reader_->header();
    if (!header) return wrong(header.error());
    if (!*header) return cut_off(*reader_);
    header_ = **header;
    auto& connection = session_.connection();
    if (auto status = connection.connect(); !status.ok()) return explain(status, {});
    there_.emplace(connection, header_);
    if (auto failure = there_->look()) {
      failure->message = path_ + ": " + failure->message;
      return failure;
    }
    booking_.emplace(connection, *there_, header_.ledger);
    return std::nullopt;
  }

  // A record is named only if the failure is its own.
  Failure located(const Failure& failure, const Record& record) const {
    return is_refusal(failure) ? at_item(failure, record, reader_->line()) : failure;
  }

  // Until the end of the file, or a failure. A window may still be under way.
  std::optional<Failure> import_all() {
    for (;;) {
      auto record = reader_->next();
      if (!record) return wrong(record.error());
      if (!*record) break;
      const bool ends_unit = !(*record)->with_next();
      const auto is_there = there_->has(**record);
      if (!is_there) return located(is_there.error(), **record);
      if (*is_there) {
        ++tally_of(known_, **record).already_there;
      } else {
        unit_.push_back({std::move(**record), reader_->line()});
      }
      if (ends_unit) {
        if (auto failure = end_unit()) return failure;
      }
      progress_.tell("importing: sequence ", reader_->last_sequence(), last_);
    }
    if (!reader_->is_complete()) return cut_off(*reader_);
    if (auto failure = end_unit()) return failure;
    return start_window();
  }

  // The unit joins the window, or begins the next one if that would become too large.
  std::optional<Failure> end_unit() {
    std::size_t bytes = 0;
    for (const auto& item : unit_) bytes += item.record.ByteSizeLong();
    const bool fits = window_.transactions.size() + unit_.size() <= kMostTransactions &&
                      window_.bytes + bytes <= kMostBytes;
    // A window creates accounts before it moves money, and such a policy decides which may be
    // created.
    const bool is_alone = std::ranges::any_of(unit_, [](const ImportItem& item) {
      return item.record.has_policy() && item.record.policy().account_id().empty();
    });
    if (window_.size() > 0 && (!fits || is_alone)) {
      if (auto failure = start_window()) return failure;
    }
    for (auto& item : unit_) window_.add(std::move(item));
    unit_.clear();
    if (!is_alone && window_.size() < kWindowRecords && window_.bytes < kWindowBytes)
      return std::nullopt;
    return start_window();
  }

  // Waits for the window that is under way, and begins with the next one.
  std::optional<Failure> start_window() {
    if (auto failure = await_window()) return failure;
    if (window_.size() == 0) return std::nullopt;
    booked_ = std::async(std::launch::async,
                         [this, window = std::exchange(window_, ImportWindow())]() mutable {
                           return booking_->book(window, tallies_);
                         });
    return std::nullopt;
  }
  std::optional<Failure> await_window() {
    return booked_.valid() ? booked_.get() : std::optional<Failure>();
  }

  // Needs: no window is under way.
  void report(bool is_whole) {
    const auto sum = [](const RecordTally& booked, const RecordTally& known) {
      return RecordTally{booked.imported, booked.already_there + known.already_there};
    };
    const ImportTallies all{
        sum(tallies_.participants, known_.participants), sum(tallies_.accounts, known_.accounts),
        sum(tallies_.transactions, known_.transactions), sum(tallies_.seals, known_.seals)};
    auto& out = session_.console().out;
    if (session_.json()) {
      const auto json = [](const RecordTally& tally) {
        return Json{{"imported", std::to_string(tally.imported)},
                    {"already_there", std::to_string(tally.already_there)}};
      };
      out << line(Json{{"file", path_},
                       {"ledger", header_.ledger},
                       {"complete", is_whole},
                       {"participants", json(all.participants)},
                       {"accounts", json(all.accounts)},
                       {"transactions", json(all.transactions)},
                       {"seals", json(all.seals)},
                       {"other_transactions", std::to_string(there_->others())}});
      return;
    }
    Table table({{""}, {"IMPORTED", Align::right}, {"ALREADY THERE", Align::right}});
    const auto add = [&table](const char* name, const RecordTally& tally) {
      table.add({name, std::to_string(tally.imported), std::to_string(tally.already_there)});
    };
    add("participants", all.participants);
    add("accounts", all.accounts);
    add("transactions", all.transactions);
    if (all.seals.imported + all.seals.already_there > 0) add("sealed keys", all.seals);
    out << table.text(session_.console().colour_out);
    if (there_->others() > 0) {
      out << "The ledger has " << there_->others()
          << " transactions that are not of this export.\n";
    }
  }

  Session& session_;
  const std::string path_;
  std::istream& in_;
  const RecordFormat format_;
  const bool is_pipe_;
  Progress progress_;
  std::optional<RecordReader> reader_;
  ExportHeader header_;
  std::uint64_t last_ = 0;  // the file's last sequence; 0: it is not known yet
  std::optional<ImportedRecords> there_;
  std::optional<WindowImport> booking_;
  std::vector<ImportItem> unit_;  // the records of the unit that is being read
  ImportWindow window_;           // that is being read
  ImportTallies known_;           // what was there
  ImportTallies tallies_;         // of the windows: used by the one under way
  std::future<std::optional<Failure>> booked_;
};

}  // namespace

std::optional<RecordFormat> export_format_of(const std::string& path,
                                             const std::string& beginning) {
  if (const auto format = format_of(beginning)) return format;
  if (path.ends_with(".jsonl")) return RecordFormat::json_lines;
  if (path.ends_with(".csv")) return RecordFormat::csv;
  return std::nullopt;
}

ExitCode import_records(Session& session, const std::string& path, std::istream& in,
                        RecordFormat format, bool is_pipe) {
  return Run(session, path, in, format, is_pipe)();
}

}  // namespace sg::cli
