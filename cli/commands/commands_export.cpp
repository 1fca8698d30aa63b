// export [FILE]: writes all records of the ledger, as JSON lines or CSV.
#include <charconv>

#include "cli/commands/commands.hpp"
#include "cli/records/record_export.hpp"
#include "command_line/numbers.hpp"

namespace sg::cli {
namespace {

// Shown by `export --help`, below the options.
constexpr const char* kFormat = R"(Every durable record, by sequence: participants, accounts,
transfers, credits and debits, each as it was committed. The last line says that nothing is
missing. `scalegraphctl import` reads the file.

After an interruption, or when there is more in the ledger, --resume goes on after the last whole
record of the file.)";

Parsed<RecordFormat> parse_format(std::string_view text) {
  if (text == "jsonl") return RecordFormat::json_lines;
  if (text == "csv") return RecordFormat::csv;
  return tl::unexpected("\"" + std::string(text) + "\" is no format: jsonl or csv");
}

Parsed<std::uint64_t> parse_sequence(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size() && value > 0) return value;
  return tl::unexpected("\"" + std::string(text) + "\" is no sequence: a whole number from 1");
}

struct Given {
  ExportOptions options;
  RecordFormat format = RecordFormat::json_lines;
};

}  // namespace

void add_export_command(CLI::App& app, Command& chosen) {
  const auto given = std::make_shared<Given>();
  auto* command = app.add_subcommand("export", "Write all records of the ledger to a file");
  command->footer(kFormat);
  command->add_option("FILE", given->options.path, "a new file; - or nothing is stdout")
      ->type_name("");
  auto* format = add_parsed(*command, "--format", given->format, parse_format, "FORMAT",
                            "jsonl or csv; csv if FILE ends with .csv, else jsonl");
  auto* resume = command->add_flag("--resume", given->options.resume,
                                   "go on after the last whole record of FILE");
  auto* from = add_parsed(*command, "--from-sequence", given->options.from_sequence, parse_sequence,
                          "N", "begin with this record");
  add_parsed(
      *command, "--until-sequence", given->options.until_sequence, parse_sequence, "N",
      "end with this record, or with the last that was committed as one with it; without it, "
      "with the last one that is durable now");
  from->excludes(resume);
  command->callback([&chosen, given, format] {
    if (format->count() > 0) given->options.format = given->format;
    if (given->options.resume && given->options.path == "-") {
      throw CLI::ValidationError("--resume", "needs a FILE, and not stdout");
    }
    chosen = [given](Session& session) { return export_records(session, given->options); };
  });
}

}  // namespace sg::cli
