#include "cli/records/record_reader.hpp"

#include "cli/records/csv_rows.hpp"

namespace sg::cli {
namespace {

// Of what commits as one. The ledger takes batches of 10,000, and messages of 1 GiB at most.
constexpr std::size_t kMostUnitRecords = 10'000;
constexpr std::uint64_t kMostUnitBytes = 1 << 30;

}  // namespace

std::optional<RecordFormat> format_of(std::string_view beginning) {
  constexpr std::string_view kJson = R"({"format":"scalegraph-export")";
  if (beginning.starts_with(kJson)) return RecordFormat::json_lines;
  if (beginning.starts_with(kCsvBeginning)) return RecordFormat::csv;
  return std::nullopt;
}

RecordReader::RecordReader(std::istream& file, RecordFormat format)
    : in_(file), source_(format == RecordFormat::csv ? make_csv_source() : make_json_source()) {}

tl::expected<FieldSource::Got, RecordError> RecordReader::read() {
  line_ = in_.line();
  fields_.clear();
  return source_->read(in_, fields_);
}

tl::expected<std::optional<ExportHeader>, RecordError> RecordReader::header() {
  const auto got = read();
  if (!got) return tl::unexpected(got.error());
  if (*got != FieldSource::Got::fields) return std::optional<ExportHeader>();
  const auto header = to_header(fields_);
  if (!header) return refuse(header.error());
  last_sequence_ = header->from_sequence - 1;
  has_ledger_ = !header->ledger.empty();
  note_whole();
  return *header;
}

tl::expected<std::optional<Record>, RecordError> RecordReader::next() {
  const auto begin = in_.offset();
  const auto got = read();
  if (!got) return tl::unexpected(got.error());
  if (*got != FieldSource::Got::fields) return std::optional<Record>();
  if (fields_[Field::kind] == kEndKind) return finish();
  auto record = to_record(fields_);
  if (record && !has_ledger_)
    return refuse("there are records, and the first line names no ledger");
  if (!record) return refuse(std::move(record.error()));
  if (record->sequence() != last_sequence_ + 1) {
    return refuse("sequence is " + std::to_string(record->sequence()) + ", and after " +
                  std::to_string(last_sequence_) + " comes " + std::to_string(last_sequence_ + 1) +
                  ": records are missing, doubled or out of order");
  }
  if (const auto* wrong = add_to_unit(*record, begin)) return refuse(wrong);
  last_sequence_ = record->sequence();
  note_whole();
  return std::move(*record);
}

const char* RecordReader::add_to_unit(const Record& record, std::uint64_t begin) {
  if (unit_records_ == 0) unit_begin_ = begin;
  ++unit_records_;
  if (unit_records_ > kMostUnitRecords) {
    return "over 10,000 records would be committed as one: is with_next wrong?";
  }
  if (in_.offset() - unit_begin_ > kMostUnitBytes) {
    return "over 1 GiB of records would be committed as one: is with_next wrong?";
  }
  if (!record.with_next()) unit_records_ = 0;
  return nullptr;
}

// A line without an end may be read, but nothing can be appended to it.
void RecordReader::note_whole() {
  if (in_.line() > line_) whole_bytes_ = in_.offset();
}

tl::expected<std::optional<Record>, RecordError> RecordReader::finish() {
  const auto last = to_end(fields_);
  if (!last) return refuse(last.error());
  if (*last != last_sequence_) {
    return refuse("the last line says that the last sequence is " + std::to_string(*last) +
                  ", and it is " + std::to_string(last_sequence_));
  }
  if (unit_records_ > 0) {
    return refuse("the file ends within what was committed as one: sequence " +
                  std::to_string(last_sequence_) + " is with_next, and the next record is missing");
  }
  if (in_.peek() != TextInput::kEnd) return refuse("something follows the last line");
  is_complete_ = true;
  return std::optional<Record>();
}

}  // namespace sg::cli
