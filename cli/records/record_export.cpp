// An export that goes on first reads its file, to its last whole record. Then it asks the ledger
// for that record and what follows: if the ledger has another record in that place, the file is of
// another history, and stays as it is.
#include "cli/records/record_export.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <utility>

#include "cli/output/table.hpp"
#include "cli/records/output_file.hpp"
#include "cli/records/progress.hpp"
#include "cli/records/record_stream.hpp"
#include "cli/records/record_writer.hpp"

namespace sg::cli {
namespace {

namespace wire = scalegraph::ledger;

constexpr std::size_t kWriteBytes = 256 << 10;
constexpr std::string_view kStdout = "-";

// What a file holds so far.
struct Begun {
  RecordFormat format = RecordFormat::json_lines;
  std::optional<ExportHeader> header;  // nothing: the file ends before it does
  std::optional<Record> last;
  std::uint64_t bytes = 0;  // of header and whole records
};

// Whether a file that is too short for format_of() may be the beginning of an export.
bool may_begin(const std::string& text) {
  for (const auto format : {RecordFormat::json_lines, RecordFormat::csv}) {
    std::string whole;
    make_writer(format)->begin({}, whole);
    if (whole.starts_with(text)) return true;
  }
  return false;
}

tl::expected<Begun, std::string> read_begun(const std::string& path, RecordFormat otherwise,
                                            Progress& progress) {
  std::ifstream file(path, std::ios::binary);
  std::error_code error;
  if (!file || std::filesystem::is_directory(path, error)) {
    return tl::unexpected(path + ": cannot be read");
  }
  std::string beginning(kBeginningBytes, '\0');
  file.read(beginning.data(), static_cast<std::streamsize>(beginning.size()));
  beginning.resize(static_cast<std::size_t>(file.gcount()));
  file.clear();
  file.seekg(0);
  Begun begun;
  begun.format = otherwise;
  if (const auto format = format_of(beginning)) {
    begun.format = *format;
  } else if (may_begin(beginning)) {
    return begun;
  } else {
    return tl::unexpected(path + ": is no export: it cannot be resumed");
  }
  RecordReader reader(file, begun.format);
  const auto located = [&path](const RecordError& wrong) {
    return path + ':' + std::to_string(wrong.line) + ": " + wrong.message;
  };
  const auto header = reader.header();
  if (!header) return tl::unexpected(located(header.error()));
  if (!*header || reader.whole_bytes() == 0) return begun;
  begun.header = **header;
  // Rows with all columns would not fit below its names.
  std::ifstream names(path, std::ios::binary);
  std::string first;
  std::getline(names, first);
  if (begun.format == RecordFormat::csv && first.find(",of_account") == std::string::npos) {
    return tl::unexpected(path + ": was begun by an older program: export it anew");
  }
  for (;;) {
    auto record = reader.next();
    if (!record) return tl::unexpected(located(record.error()));
    if (!*record || reader.whole_bytes() < reader.offset()) break;
    begun.last = std::move(**record);
    progress.tell("reading " + path + ": sequence ", reader.last_sequence());
  }
  begun.bytes = reader.whole_bytes();
  return begun;
}

std::string text_of(const RecordWriter& writer, const Record& record) {
  std::string text;
  writer.add(record, text);
  return text;
}

class Run {
 public:
  Run(Session& session, const ExportOptions& options)
      : session_(session), options_(options), progress_(session) {}

  ExitCode operator()() {
    begun_.format = options_.format.value_or(by_name());
    if (is_bounded() && options_.from_sequence > options_.until_sequence) {
      return fail(bad_usage("--from-sequence is after --until-sequence"));
    }
    if (options_.resume) {
      // Held open from here on: nobody else may go on with it.
      auto out = OutputFile::open(options_.path);
      if (!out) return fail(bad_usage(out.error()));
      out_.emplace(std::move(*out));
      auto begun = read_begun(options_.path, begun_.format, progress_);
      if (!begun) return fail(bad_usage(begun.error()));
      if (options_.format && begun->header && begun->format != *options_.format) {
        return fail(
            bad_usage(options_.path + ": was begun in the other format: leave --format out"));
      }
      begun_ = std::move(*begun);
    }
    writer_ = make_writer(begun_.format);
    if (auto status = session_.connection().connect(); !status.ok()) {
      return fail(explain(status, {}));
    }
    if (!begun_.header && first() > 1) {
      if (auto failure = look_back()) return fail(std::move(*failure));
    }
    return receive();
  }

 private:
  RecordFormat by_name() const {
    return options_.path.ends_with(".csv") ? RecordFormat::csv : RecordFormat::json_lines;
  }
  bool is_bounded() const { return options_.until_sequence > 0; }

  ExitCode fail(Failure failure) {
    progress_.clear();
    return session_.fail(failure);
  }
  // Some of it was written.
  ExitCode fail_within(Failure failure) {
    if (is_writing_ && options_.path != kStdout) {
      failure.hint = "what is there is whole; the same command with --resume goes on";
    }
    return fail(std::move(failure));
  }
  ExitCode fail_writing(const std::string& what) {
    Failure failure = output_lost();
    failure.message = what;
    return fail_within(std::move(failure));
  }

  // Where the export begins: with the last record of the file, to hold it against the ledger's.
  std::uint64_t first() const {
    if (begun_.last) return begun_.last->sequence();
    if (begun_.header) return begun_.header->from_sequence;
    return std::max<std::uint64_t>(options_.from_sequence, 1);
  }

  // Finds the last transaction before the first record, in steps that grow: it is near. The failure
  // also says that the first record is in the middle of a unit.
  std::optional<Failure> look_back() {
    const auto last = first() - 1;
    for (std::uint64_t reach = 16;; reach *= 8) {
      const auto from = last > reach ? last - reach : 1;
      RecordStream stream(session_.connection(), from, last);
      wire::ExportResponse response;
      // Of the record after the last one: where its unit begins, if that is known.
      auto unit_begin = from == 1 ? std::optional<std::uint64_t>(1) : std::nullopt;
      std::uint64_t seen = 0;
      for (;;) {
        const auto got = stream.read(response);
        if (!got && got.error().reason == "SEQUENCE_OUT_OF_RANGE") return std::nullopt;
        if (!got) return got.error();
        if (!*got) break;
        for (const auto& record : response.records()) {
          seen = record.sequence();
          if (record.has_transaction()) after_ = record.sequence();
          if (!record.with_next()) unit_begin = record.sequence() + 1;
        }
      }
      // There is less in the ledger: the export itself tells it better.
      if (seen < last) return std::nullopt;
      if (unit_begin && *unit_begin < first()) {
        return bad_usage("sequence " + std::to_string(first()) +
                         " was committed as one with those before it: begin at --from-sequence " +
                         std::to_string(*unit_begin));
      }
      if (from == 1 || (unit_begin && after_ > 0)) return std::nullopt;
    }
  }

  ExitCode receive() {
    // A unit that the last sequence belongs to goes on for so many records at most.
    constexpr std::uint64_t kMostOfUnit = 10'000;
    const auto until = is_bounded() ? std::max(options_.until_sequence, first()) : 0;
    const bool is_short = until <= std::numeric_limits<std::uint64_t>::max() - kMostOfUnit;
    RecordStream stream(session_.connection(), first(),
                        is_bounded() && is_short ? until + kMostOfUnit : until);
    wire::ExportResponse response;
    last_ = first() - 1;
    for (bool is_done = false; !is_done;) {
      const auto got = stream.read(response);
      if (!got) {
        // Whole records stay, so that the next run can go on.
        if (is_writing_ && !flush()) return fail_writing(problem_);
        return fail_within(got.error());
      }
      if (!*got) break;
      if (!is_writing_) {
        if (const auto code = begin(response)) return *code;
      }
      for (const auto& record : response.records()) {
        last_ = record.sequence();
        if (!begun_.last || last_ != begun_.last->sequence()) {
          writer_->add(record, text_);
          ++records_;
        }
        if (text_.size() >= kWriteBytes && !flush()) return fail_writing(problem_);
        is_done = is_bounded() && last_ >= options_.until_sequence && !record.with_next();
        if (is_done) break;
      }
      progress_.tell("exporting: sequence ", last_, end_);
    }
    return finish();
  }

  // The first message has come: the file is written to only now that everything fits.
  std::optional<ExitCode> begin(const wire::ExportResponse& response) {
    end_ = response.last_sequence();
    if (is_bounded()) end_ = std::min(end_, options_.until_sequence);
    ledger_ = response.ledger();
    const auto& path = options_.path;
    if (begun_.header && begun_.header->ledger != ledger_) {
      // One that was begun before there was anything in the ledger begins anew.
      if (begun_.last || !begun_.header->ledger.empty()) {
        return fail(bad_usage(path + ": is an export of the ledger " + begun_.header->ledger +
                              ", and this is the ledger " + ledger_));
      }
      begun_ = {begun_.format, std::nullopt, std::nullopt, 0};
    }
    if (begun_.last && (response.records().empty() || text_of(*writer_, response.records(0)) !=
                                                          text_of(*writer_, *begun_.last))) {
      return fail(bad_usage(path + ": its last record, sequence " +
                            std::to_string(begun_.last->sequence()) +
                            ", is another one in this ledger: they have parted before"));
    }
    if (const auto opened = open(); !opened) return fail(bad_usage(opened.error()));
    is_writing_ = true;
    if (!begun_.header) writer_->begin({ledger_, first(), after_}, text_);
    return std::nullopt;
  }

  tl::expected<void, std::string> open() {
    if (options_.resume) return out_->cut(begun_.bytes);
    if (options_.path == kStdout) {
      out_.emplace(OutputFile::of(session_.console().out));
      return {};
    }
    auto out = OutputFile::create(options_.path);
    if (!out) return tl::unexpected(out.error());
    out_.emplace(std::move(*out));
    return {};
  }

  bool flush() {
    const auto wrote = out_->write(text_);
    text_.clear();
    if (!wrote) problem_ = wrote.error();
    return wrote.has_value();
  }

  ExitCode finish() {
    writer_->end(last_, text_);
    if (!flush()) return fail_writing(problem_);
    if (const auto synced = out_->sync(); !synced) return fail_writing(synced.error());
    progress_.clear();
    if (is_bounded() && last_ > options_.until_sequence && !session_.json()) {
      session_.console().err << "The export ends with sequence " << last_ << ", not "
                             << options_.until_sequence
                             << ": what was committed as one is not divided.\n";
    }
    if (options_.path != kStdout) report();
    return kDone;
  }

  void report() {
    auto& out = session_.console().out;
    if (session_.json()) {
      out << line(Json{{"file", options_.path},
                       {"ledger", ledger_},
                       {"records", std::to_string(records_)},
                       {"last_sequence", std::to_string(last_)}});
      return;
    }
    Fields fields;
    fields.add("file", options_.path);
    fields.add("ledger", ledger_);
    fields.add("records", std::to_string(records_));
    fields.add("last sequence", std::to_string(last_));
    out << fields.text(session_.console().colour_out);
  }

  Session& session_;
  const ExportOptions& options_;
  Progress progress_;
  Begun begun_;
  std::unique_ptr<RecordWriter> writer_;
  std::optional<OutputFile>
      out_;                  // from the beginning to go on, or once the first message has come
  bool is_writing_ = false;  // the first message has come, and everything fits
  std::string text_;         // not written yet
  std::string problem_;      // why it could not be
  std::string ledger_;
  std::uint64_t after_ = 0;    // the last transaction before the first record
  std::uint64_t last_ = 0;     // the last record so far
  std::uint64_t end_ = 0;      // where the export ends, but for the rest of a unit
  std::uint64_t records_ = 0;  // that were added
};

}  // namespace

ExitCode export_records(Session& session, const ExportOptions& options) {
  return Run(session, options)();
}

}  // namespace sg::cli
