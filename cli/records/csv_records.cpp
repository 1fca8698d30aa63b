// An export as CSV:
//
//   sequence,time,kind,id,with_next,entry,entries,account,amount,reference,key,name,role,...
//   1,,export,LEDGER,,,,,,0,,scalegraph-export,,,1,,,,,
//   1,1700000000000,participant,seb,,,,,,,,SEB,BANKING_PARTNER,,,,,"{""country"":""SE""}",,
//   2,1700000000000,transfer,01H...,,1,2,alice,-5,invoice 17,k1,,,,,,,,1690000000000,true
//   2,1700000000000,transfer,01H...,,2,2,bob,5,,,,,,,,,,,
//   2,,end,,,,,,,,,,,,,,,,,
//
// The first row names the columns. The row of kind `export` has the first sequence, the ledger as
// id, the format as name and its version as type; as reference the sequence of the last transaction
// before it. A transaction has one row for each entry:
// `entry` of `entries`. Rows after its first have only what names them, and their entry.
#include <optional>

#include "cli/records/csv_rows.hpp"
#include "cli/records/json_text.hpp"
#include "cli/records/record_writer.hpp"

namespace sg::cli {
namespace {

enum class Column : std::uint8_t {
  sequence,
  time,
  kind,
  id,
  with_next,
  entry,
  entries,
  account,
  amount,
  reference,
  key,
  name,
  role,
  participant,
  type,
  initial_balance,
  floor,
  metadata,
  effective_at,
  balanced,
  unique_reference,
  reverses,
  ceiling,
  clear_ceiling,
  debits_frozen,
  credits_frozen,
  status,
  sweep_to,
  allow_beyond,
  note,
  require_balanced,
  of_account,
};
constexpr std::size_t kColumns = 32;
constexpr std::string_view kColumnNames =
    "sequence,time,kind,id,with_next,entry,entries,account,amount,reference,key,name,role,"
    "participant,type,initial_balance,floor,metadata,effective_at,balanced,unique_reference,"
    "reverses,ceiling,clear_ceiling,debits_frozen,credits_frozen,status,sweep_to,allow_beyond,note,"
    "require_balanced,of_account";
// Of files that were written before policies could be changed, and before transactions could be
// taken back. They have fewer columns.
constexpr std::array kOlderColumns{
    static_cast<std::size_t>(Column::reverses) + 1,
    static_cast<std::size_t>(Column::reverses),
};
std::string_view first_names(std::size_t columns) {
  std::size_t end = 0;
  for (; columns > 0; --columns) end = kColumnNames.find(',', end) + 1;
  return kColumnNames.substr(0, end - 1);
}
constexpr std::string_view kHeaderKind = "export";
static_assert(kColumnNames.starts_with(kCsvBeginning));

// The columns that stand for a field as it is.
struct FieldColumn {
  Column column;
  Field field;
};
constexpr std::array kFieldColumns{
    FieldColumn{Column::sequence, Field::sequence},
    FieldColumn{Column::time, Field::time},
    FieldColumn{Column::kind, Field::kind},
    FieldColumn{Column::id, Field::id},
    FieldColumn{Column::with_next, Field::with_next},
    FieldColumn{Column::reference, Field::reference},
    FieldColumn{Column::key, Field::key},
    FieldColumn{Column::name, Field::name},
    FieldColumn{Column::role, Field::role},
    FieldColumn{Column::participant, Field::participant},
    FieldColumn{Column::type, Field::type},
    FieldColumn{Column::initial_balance, Field::initial_balance},
    FieldColumn{Column::floor, Field::floor},
    FieldColumn{Column::effective_at, Field::effective_at},
    FieldColumn{Column::balanced, Field::balanced},
    FieldColumn{Column::unique_reference, Field::unique_reference},
    FieldColumn{Column::reverses, Field::reverses},
    FieldColumn{Column::ceiling, Field::ceiling},
    FieldColumn{Column::clear_ceiling, Field::clear_ceiling},
    FieldColumn{Column::debits_frozen, Field::debits_frozen},
    FieldColumn{Column::credits_frozen, Field::credits_frozen},
    FieldColumn{Column::status, Field::status},
    FieldColumn{Column::sweep_to, Field::sweep_to},
    FieldColumn{Column::allow_beyond, Field::allow_beyond},
    FieldColumn{Column::note, Field::note},
    FieldColumn{Column::require_balanced, Field::require_balanced},
    FieldColumn{Column::of_account, Field::account},
};

using Cells = std::vector<std::string>;
std::string& cell(Cells& cells, Column column) { return cells[static_cast<std::size_t>(column)]; }
const std::string& cell(const Cells& cells, Column column) {
  return cells[static_cast<std::size_t>(column)];
}

// Whether the cell holds this number, as it is written.
bool is_number(const std::string& text, std::size_t number) {
  return text == std::to_string(number);
}

class CsvSource final : public FieldSource {
 public:
  tl::expected<Got, RecordError> read(TextInput& in, RecordFields& into) override {
    if (!has_names_) {
      const auto got = next_row(in);
      if (!got || *got != Got::fields) return got;
      std::string names;
      for (const auto& name : cells_) names += (names.empty() ? "" : ",") + name;
      for (const auto older : kOlderColumns) {
        if (names == first_names(older)) columns_ = older;
      }
      if (columns_ == kColumns && names != kColumnNames) {
        return refuse("the first row has to be " + std::string(kColumnNames));
      }
      has_names_ = true;
    }
    const auto begin = in.offset();
    const auto got = next_row(in);
    if (!got || *got != Got::fields) return got;
    if (!has_header_) return header(into);
    for (const auto& [column, field] : kFieldColumns) into[field] = cell(cells_, column);
    if (const auto& metadata = cell(cells_, Column::metadata); !metadata.empty()) {
      auto read = read_json_map(metadata);
      if (!read) return refuse("metadata: " + read.error());
      into.metadata = std::move(*read);
    }
    if (cell(cells_, Column::entries).empty()) {
      if (has_entry()) return refuse("entries is missing");
      return Got::fields;
    }
    return entries(in, begin, into);
  }

 private:
  tl::unexpected<RecordError> refuse(std::string message) const {
    return tl::unexpected(RecordError{line_, std::move(message)});
  }

  tl::expected<Got, RecordError> next_row(TextInput& in) {
    line_ = in.line();
    const auto row = read_row(in, cells_);
    if (!row) return refuse(row.error());
    if (*row == RowRead::end) return Got::end;
    if (*row == RowRead::cut_off) return Got::cut_off;
    // The names themselves are compared as a whole.
    if (has_names_ && cells_.size() != columns_) {
      return refuse("the row has " + std::to_string(cells_.size()) + " cells, and the first one " +
                    std::to_string(columns_));
    }
    if (has_names_) cells_.resize(kColumns);
    return Got::fields;
  }

  // The second row.
  tl::expected<Got, RecordError> header(RecordFields& into) {
    if (cell(cells_, Column::kind) != kHeaderKind) {
      return refuse("the second row has to be of the kind export");
    }
    has_header_ = true;
    into[Field::format] = cell(cells_, Column::name);
    into[Field::version] = cell(cells_, Column::type);
    into[Field::ledger] = cell(cells_, Column::id);
    into[Field::from_sequence] = cell(cells_, Column::sequence);
    into[Field::after] = cell(cells_, Column::reference);
    for (const auto column : {Column::name, Column::type, Column::id, Column::sequence,
                              Column::reference, Column::kind}) {
      cell(cells_, column).clear();
    }
    for (const auto& rest : cells_) {
      if (!rest.empty()) return refuse("the row of kind export has a cell too many");
    }
    return Got::fields;
  }

  bool has_entry() const {
    return !cell(cells_, Column::entry).empty() || !cell(cells_, Column::account).empty() ||
           !cell(cells_, Column::amount).empty();
  }

  // The row is the first of a transaction, which begins at this offset: takes its entry, and the
  // rows of the others.
  tl::expected<Got, RecordError> entries(TextInput& in, std::uint64_t begin, RecordFields& into) {
    constexpr std::size_t kMostEntries = 4096;
    const auto total = cell(cells_, Column::entries);
    for (std::size_t number = 1;; ++number) {
      if (number > kMostEntries) return refuse("there are over 4096 entries");
      if (in.offset() - begin > kMostLineBytes) {
        return refuse("the rows of one transaction are over 8 MiB long: no record is");
      }
      if (!is_number(cell(cells_, Column::entry), number)) {
        return refuse("entry has to be " + std::to_string(number) +
                      ": a row is missing or doubled");
      }
      if (cell(cells_, Column::entries) != total) return refuse("entries differs between the rows");
      into.entries.push_back({cell(cells_, Column::account), cell(cells_, Column::amount)});
      if (is_number(total, number)) return Got::fields;
      const auto got = next_row(in);
      if (!got) return got;
      // The rows of the others are missing.
      if (*got != Got::fields) return Got::cut_off;
      if (auto wrong = check_same(into)) return refuse(std::move(*wrong));
    }
  }

  // That a later row of a transaction names the same one, and has nothing else.
  std::optional<std::string> check_same(const RecordFields& first) const {
    constexpr std::string_view kFirstRowOnly = " stands in the first row of a transaction only";
    for (const auto& [column, field] : kFieldColumns) {
      const bool names_it = column <= Column::id;
      const auto& is = cell(cells_, column);
      if (names_it ? is != first[field] : !is.empty()) {
        return std::string(name_of(field)) +
               (names_it ? " differs from that of the row before, of the same transaction"
                         : std::string(kFirstRowOnly));
      }
    }
    if (!cell(cells_, Column::metadata).empty()) return "metadata" + std::string(kFirstRowOnly);
    return std::nullopt;
  }

  Cells cells_;
  std::size_t line_ = 1;  // where the row begins
  bool has_names_ = false;
  std::size_t columns_ = kColumns;  // of the file
  bool has_header_ = false;
};

void append_row(const Cells& cells, std::string& out) {
  for (std::size_t i = 0; i < kColumns; ++i) {
    if (i > 0) out += ',';
    append_cell(cells[i], out);
  }
  out += "\r\n";
}

class CsvWriter final : public RecordWriter {
 public:
  void begin(const ExportHeader& header, std::string& out) const override {
    out.append(kColumnNames).append("\r\n");
    Cells cells(kColumns);
    cell(cells, Column::sequence) = std::to_string(header.from_sequence);
    cell(cells, Column::kind) = kHeaderKind;
    cell(cells, Column::id) = header.ledger;
    cell(cells, Column::name) = kExportFormat;
    cell(cells, Column::type) = kExportVersion;
    cell(cells, Column::reference) = std::to_string(header.after);
    append_row(cells, out);
  }
  void add(const Record& record, std::string& out) const override {
    auto fields = to_fields(record);
    Cells cells(kColumns);
    for (const auto& [column, field] : kFieldColumns) {
      cell(cells, column) = std::move(fields[field]);
    }
    if (!fields.metadata.empty()) append_json_map(fields.metadata, cell(cells, Column::metadata));
    if (fields.entries.empty()) return append_row(cells, out);
    cell(cells, Column::entries) = std::to_string(fields.entries.size());
    for (std::size_t i = 0; i < fields.entries.size(); ++i) {
      cell(cells, Column::entry) = std::to_string(i + 1);
      cell(cells, Column::account) = std::move(fields.entries[i].account);
      cell(cells, Column::amount) = std::move(fields.entries[i].amount);
      append_row(cells, out);
      for (const auto column :
           {Column::with_next, Column::reference, Column::key, Column::metadata,
            Column::effective_at, Column::balanced, Column::unique_reference, Column::reverses,
            Column::floor, Column::ceiling, Column::clear_ceiling, Column::debits_frozen,
            Column::credits_frozen, Column::status, Column::sweep_to, Column::allow_beyond,
            Column::note, Column::require_balanced, Column::of_account}) {
        cell(cells, column).clear();
      }
    }
  }
  void end(std::uint64_t last_sequence, std::string& out) const override {
    Cells cells(kColumns);
    cell(cells, Column::sequence) = std::to_string(last_sequence);
    cell(cells, Column::kind) = kEndKind;
    append_row(cells, out);
  }
};

}  // namespace

std::unique_ptr<FieldSource> make_csv_source() { return std::make_unique<CsvSource>(); }
std::unique_ptr<RecordWriter> make_csv_writer() { return std::make_unique<CsvWriter>(); }

}  // namespace sg::cli
