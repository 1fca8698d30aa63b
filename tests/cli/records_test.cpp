// Files of exports: what is written is read back, and what is wrong is told with its line.
#include <google/protobuf/util/message_differencer.h>
#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <limits>
#include <sstream>

#include "cli/records/csv_rows.hpp"
#include "cli/records/record_writer.hpp"

using namespace sg::cli;
namespace wire = scalegraph::ledger;

namespace {

constexpr auto kFormats = {RecordFormat::json_lines, RecordFormat::csv};

// A text that a format may have to quote. Without control characters for an id.
std::string any_text(bool is_id) {
  static const std::vector<std::string> kParts{
      "a",  "seb:operating",    "\"", "\"\"", ",",  "\\",   "{}", " ",    "\xC3\xB6",
      "=1", "\xF0\x9F\xAA\x99", "'",  "\n",   "\r", "\r\n", "\t", "\x7F", std::string(1, '\0')};
  constexpr std::size_t kOfIds = 12;
  std::string text;
  const auto parts = *rc::gen::inRange(is_id ? 1 : 0, 6);
  for (int i = 0; i < parts; ++i) {
    text += kParts[*rc::gen::inRange<std::size_t>(0, is_id ? kOfIds : kParts.size())];
  }
  return text;
}

template <class Map>
void fill_metadata(Map& to) {
  const auto count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) to[any_text(false)] = any_text(false);
}

// Makes it one that has to sum to zero, and does.
void balance(Record& record) {
  auto& one = *record.mutable_transaction();
  const auto entries = one.entries();
  for (auto entry : entries) {
    if (entry.amount() == std::numeric_limits<std::int64_t>::min()) return;
    entry.set_amount(-entry.amount());
    *one.add_entries() = entry;
  }
  if (one.type() != "reversal" && one.type() != "policy") one.set_type("transfer");
  record.set_balanced(true);
}

void fill_policy(wire::PolicyAction& policy) {
  const auto flip = [] { return *rc::gen::arbitrary<bool>(); };
  if (flip()) policy.set_account_id(any_text(true));
  if (flip()) policy.set_floor(*rc::gen::arbitrary<std::int64_t>());
  if (flip()) policy.set_ceiling(*rc::gen::arbitrary<std::int64_t>());
  policy.set_clear_ceiling(flip());
  if (flip()) policy.set_debits_frozen(flip());
  if (flip()) policy.set_credits_frozen(flip());
  policy.set_status(static_cast<wire::AccountStatus>(*rc::gen::inRange(0, 3)));
  if (flip()) policy.set_sweep_to(any_text(true));
  policy.set_allow_beyond(flip());
  policy.set_note(any_text(false));
  if (flip()) policy.set_require_balanced(flip());
}

Record any_record(std::uint64_t sequence) {
  Record record;
  record.set_sequence(sequence);
  record.set_time(*rc::gen::arbitrary<std::int64_t>());
  switch (*rc::gen::inRange(0, 4)) {
    case 0: {
      auto& one = *record.mutable_participant();
      one.set_id(any_text(true));
      one.set_name(any_text(false));
      one.set_role(static_cast<wire::ParticipantRole>(*rc::gen::inRange(1, 6)));
      one.set_created_at(record.time());
      fill_metadata(*one.mutable_metadata());
      break;
    }
    case 1: {
      auto& one = *record.mutable_account();
      one.set_account_type(wire::STANDALONE);
      one.set_id(any_text(true));
      if (*rc::gen::arbitrary<bool>()) {
        one.set_participant_id(any_text(true));
        one.set_account_type(wire::ESCROW);
        one.set_id(one.participant_id() + ":escrow");
      }
      one.set_created_at(record.time());
      one.set_balance(*rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000'000));
      one.set_floor(one.balance() - *rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000'000));
      if (*rc::gen::arbitrary<bool>()) one.set_ceiling(one.balance());
      fill_metadata(*one.mutable_metadata());
      break;
    }
    default: {
      auto& one = *record.mutable_transaction();
      one.set_id(any_text(true));
      one.set_timestamp(record.time());
      one.set_reference(any_text(false));
      one.set_type(*rc::gen::element<std::string>("credit", "debit", "transfer"));
      const bool is_single = one.type() != "transfer";
      if (!is_single && sequence > 1 && *rc::gen::arbitrary<bool>()) {
        one.set_type("reversal");
        record.set_reverses_sequence(*rc::gen::inRange<std::uint64_t>(1, sequence));
      }
      const bool is_policy = one.type() == "transfer" && *rc::gen::inRange(0, 3) == 0;
      if (is_policy) {
        one.set_type("policy");
        fill_policy(*record.mutable_policy());
      }
      const auto entries = is_single ? 1 : *rc::gen::inRange(is_policy ? 0 : 1, 5);
      for (int i = 0; i < entries; ++i) {
        auto& entry = *one.add_entries();
        entry.set_account_id(any_text(true));
        entry.set_amount(*rc::gen::nonZero<std::int64_t>());
        const bool is_up = entry.amount() > 0;
        if (is_single && is_up != (one.type() == "credit")) entry.set_amount(is_up ? -1 : 1);
      }
      if (*rc::gen::arbitrary<bool>()) record.set_idempotency_key(any_text(true));
      record.set_with_next(*rc::gen::arbitrary<bool>());
      if (*rc::gen::arbitrary<bool>()) one.set_effective_at(*rc::gen::arbitrary<std::int64_t>());
      fill_metadata(*one.mutable_metadata());
      if (*rc::gen::arbitrary<bool>()) balance(record);
      record.set_unique_reference(!one.reference().empty() && *rc::gen::arbitrary<bool>());
    }
  }
  return record;
}

// The last record of a file ends its unit.
std::vector<Record> any_records(std::uint64_t first, std::size_t count) {
  std::vector<Record> records;
  for (std::size_t i = 0; i < count; ++i) records.push_back(any_record(first + i));
  if (count > 0) records.back().set_with_next(false);
  return records;
}

std::string file_of(RecordFormat format, const std::vector<Record>& records,
                    const ExportHeader& header) {
  const auto writer = make_writer(format);
  std::string text;
  writer->begin(header, text);
  for (const auto& record : records) writer->add(record, text);
  writer->end(header.from_sequence + records.size() - 1, text);
  return text;
}

// What a file holds: its records, how far they go, and why it is refused.
struct Read {
  std::vector<Record> records;
  std::uint64_t whole_bytes = 0;
  bool has_header = false;
  bool is_complete = false;
  std::string refused;  // "LINE: message"
};

Read read(RecordFormat format, const std::string& text) {
  std::istringstream in(text);
  RecordReader reader(in, format);
  Read all;
  const auto refuse = [&all](const RecordError& error) {
    all.refused = std::to_string(error.line) + ": " + error.message;
    return all;
  };
  const auto header = reader.header();
  if (!header) return refuse(header.error());
  all.has_header = header->has_value();
  while (all.has_header) {
    auto record = reader.next();
    if (!record) return refuse(record.error());
    if (!*record) break;
    all.records.push_back(std::move(**record));
  }
  all.whole_bytes = reader.whole_bytes();
  all.is_complete = reader.is_complete();
  return all;
}

bool same(const Record& a, const Record& b) {
  return google::protobuf::util::MessageDifferencer::Equals(a, b);
}

const ExportHeader kHeader{"0123456789abcdef", 1, 0};

std::string json_with(const std::string& line) {
  return R"({"format":"scalegraph-export","version":1,"ledger":"00","from_sequence":"1","after":"0"})"
         "\n" +
         line + "\n" + R"({"kind":"end","sequence":"1"})" + "\n";
}

}  // namespace

TEST_CASE("Every record is read back as it was written, in both formats") {
  rc::prop("a file", [] {
    ExportHeader header{"00ff", *rc::gen::inRange<std::uint64_t>(1, 1'000'000), 0};
    header.after = *rc::gen::inRange<std::uint64_t>(0, header.from_sequence);
    const auto count = *rc::gen::inRange<std::size_t>(0, 8);
    const auto records = any_records(header.from_sequence, count);
    for (const auto format : kFormats) {
      const auto text = file_of(format, records, header);
      RC_ASSERT(format_of(text) == format);
      const auto all = read(format, text);
      RC_ASSERT(all.refused.empty());
      RC_ASSERT(all.is_complete);
      RC_ASSERT(all.records.size() == records.size());
      for (std::size_t i = 0; i < count; ++i) RC_ASSERT(same(all.records[i], records[i]));
    }
  });
}

TEST_CASE("A file that was cut anywhere is whole up to its last whole record") {
  rc::prop("a cut", [] {
    const auto records = any_records(1, 4);
    for (const auto format : kFormats) {
      const auto text = file_of(format, records, kHeader);
      const auto cut = *rc::gen::inRange<std::size_t>(0, text.size());
      const auto all = read(format, text.substr(0, cut));
      RC_ASSERT(all.refused.empty());
      // The end may stand there, but for its line end.
      RC_ASSERT(!all.is_complete || cut + 1 == text.size());
      RC_ASSERT(all.whole_bytes <= cut);
      // What is written after that gives the same file.
      std::string again = text.substr(0, all.whole_bytes);
      const auto whole = read(format, again);
      const auto writer = make_writer(format);
      if (!whole.has_header) writer->begin(kHeader, again);
      for (auto i = whole.records.size(); i < records.size(); ++i) writer->add(records[i], again);
      writer->end(records.size(), again);
      RC_ASSERT(again == text);
    }
  });
}

TEST_CASE("What is wrong with a line of JSON is told with its line") {
  const std::string good =
      R"({"sequence":1,"time":5,"kind":"transfer","id":"T","entries":[{"account":"a","amount":-5}]})";
  CHECK(read(RecordFormat::json_lines, json_with(good)).refused.empty());
  const auto refused = [](const std::string& line) {
    return read(RecordFormat::json_lines, json_with(line)).refused;
  };
  const std::string start = R"({"sequence":"1","time":"5","kind":)";
  const std::vector<std::pair<std::string, std::string>> kCases{
      {"", "2: it is not JSON, from byte"},
      {"[]", "2: only entries are a list"},
      {"7", "2: an object was expected"},
      {"null", "2: null has no meaning here"},
      {"{}", "2: sequence is missing"},
      {good + good, "2: it is not JSON, from byte"},
      {R"({"sequence":1.5})", "2: 1.5 is not a whole number"},
      {R"({"sequence":18446744073709551616})", "2: 18446744073709551616 is not a whole number"},
      {R"({"sequence":"-1","time":"5","kind":"x"})", "2: sequence is \"-1\" and has to be"},
      {R"({"sequence":"+1","time":"5","kind":"x"})", "2: sequence is \"+1\" and has to be"},
      {R"({"sequence":"0","time":"5","kind":"x"})", "2: sequence is 0"},
      {R"({"sequence":"2","time":"5","kind":"x"})", "2: kind is \"x\" and has to be participant"},
      {R"({"sequence":true})", "2: sequence has a wrong type"},
      {R"({"sequence":[]})", "2: only entries are a list"},
      {R"({"sequence":{}})", "2: sequence cannot be an object"},
      {start + R"("participant","id":"p","name":"n"})", "2: role is missing"},
      {start + R"("participant","id":"p","role":"KING"})", "2: role: "},
      {start + R"("participant","name":"p","role":"SUPPLIER"})", "2: id is missing"},
      {start + R"("participant","id":"a\nb","role":"SUPPLIER"})", "2: id holds a control"},
      {start + R"("participant","id":"p","role":"SUPPLIER","floor":"1"})",
       "2: a participant has no field floor"},
      {start + R"("participant","id":"p","role":"SUPPLIER","metadata":{"a":1}})",
       "2: metadata maps text to text"},
      {start + R"("participant","id":"p","role":"SUPPLIER","metadata":{"a":"","a":""}})",
       "2: metadata has \"a\" twice"},
      {start + R"("account","id":"a","type":"ESCROW","initial_balance":0,"floor":0})",
       "2: an account without a participant has the type STANDALONE"},
      {start +
           R"("account","id":"a","participant":"p","type":"ESCROW","initial_balance":0,"floor":0})",
       "2: the id of this account of a participant has to begin with \"p:\""},
      {start + R"("account","id":"a","type":"STANDALONE","initial_balance":-1,"floor":-2})",
       "2: initial_balance is negative"},
      {start + R"("account","id":"a","type":"STANDALONE","initial_balance":1,"floor":2})",
       "2: floor is above"},
      {start + R"("transfer"})", "2: a transaction has to have entries"},
      {start + R"("transfer","entries":[]})", "2: a transaction has to have entries"},
      {start + R"("transfer","entries":[{"account":"a","amount":0}]})",
       "2: the amount of an entry"},
      {start + R"("transfer","entries":[{"account":"a"}]})", "2: the amount of an entry is \"\""},
      {start + R"("transfer","entries":[{"amount":1}]})", "2: the account of an entry is missing"},
      {start + R"("transfer","entries":[{"account":"a","amount":1,"amount":2}]})",
       "2: an entry has amount twice"},
      {start + R"("transfer","entries":[{"account":"a","amount":1,"note":2}]})",
       "2: an entry has account and amount"},
      {start + R"("transfer","entries":[[]]})", "2: only entries are a list"},
      {start + R"("credit","entries":[{"account":"a","amount":-1}]})", "2: a credit has one entry"},
      {start + R"("debit","entries":[{"account":"a","amount":1}]})", "2: a debit has one entry"},
      {start + R"("transfer","with_next":"yes"})", "2: with_next has a wrong type"},
      {start + R"("transfer","balanced":"true"})", "2: balanced has a wrong type"},
      {start + R"("transfer","balanced":true,"entries":[{"account":"a","amount":1}]})",
       "2: balanced is true, and the entries do not sum to zero"},
      {start + R"("transfer","reverses":"1","entries":[{"account":"a","amount":1}]})",
       "2: only a reversal has the field reverses"},
      {start + R"("credit","note":"n","entries":[{"account":"a","amount":1}]})",
       "2: only a policy has the field note"},
      {start + R"("policy","status":"GONE"})", "2: status: "},
      {start + R"("reversal","entries":[{"account":"a","amount":1}]})", "2: reverses is missing"},
      {start + R"("reversal","reverses":1,"entries":[{"account":"a","amount":1}]})",
       "2: reverses has to be the sequence of a transaction before this one"},
      {start + R"("transfer","unique_reference":1})", "2: unique_reference has a wrong type"},
      {start + R"("transfer","unique_reference":true,"entries":[{"account":"a","amount":1}]})",
       "2: unique_reference is true, and there is no reference"},
      {start + R"("transfer","effective_at":true})", "2: effective_at has a wrong type"},
      {start + R"("transfer","effective_at":"now"})", "2: effective_at is \"now\" and has to be"},
      {start + R"("participant","id":"p","role":"SUPPLIER","effective_at":1})",
       "2: a participant has no field effective_at"},
      {start + R"("transfer","name":"n","entries":[{"account":"a","amount":1}]})",
       "2: a transaction has no field name"},
      {start + R"("end"})", "2: the last line has no field time"},
  };
  for (const auto& [line, says] : kCases) {
    CAPTURE(line);
    CHECK_THAT(refused(line), Catch::StartsWith(says));
  }
}

TEST_CASE("Rows of CSV are read as RFC 4180 says") {
  const auto rows = [](const std::string& text) {
    std::istringstream in(text);
    TextInput input(in);
    std::vector<std::vector<std::string>> all;
    std::vector<std::string> cells;
    for (;;) {
      const auto row = read_row(input, cells);
      if (!row) return std::vector<std::vector<std::string>>{{"refused", row.error()}};
      if (*row == RowRead::end) return all;
      if (*row == RowRead::cut_off) cells.emplace_back("(cut off)");
      all.push_back(cells);
    }
  };
  using Rows = std::vector<std::vector<std::string>>;
  CHECK(rows("").empty());
  CHECK(rows("a,b\r\nc,d\r\n") == Rows{{"a", "b"}, {"c", "d"}});
  CHECK(rows("a,b\nc,d\n") == Rows{{"a", "b"}, {"c", "d"}});
  CHECK(rows(",\n\n") == Rows{{"", ""}, {""}});
  CHECK(rows("\"a,\"\"b\"\"\r\nc\",\"\"\n") == Rows{{"a,\"b\"\r\nc", ""}});
  CHECK(rows("a,b") == Rows{{"a", "b", "(cut off)"}});
  CHECK(rows("\"a") == Rows{{"a", "(cut off)"}});
  CHECK(rows("\"a\"") == Rows{{"a", "(cut off)"}});
  CHECK(rows("a\r") == Rows{{"a", "(cut off)"}});
  CHECK(rows("a\"b\n")[0][0] == "refused");
  CHECK(rows("\"a\"b\n")[0][0] == "refused");
  CHECK(rows("a\rb\n")[0][0] == "refused");
  CHECK(rows(std::string(100, ',') + "\n")[0][0] == "refused");
  CHECK(rows('"' + std::string(kMostLineBytes + 1, '\n'))[0][0] == "refused");
}

TEST_CASE("A file does not end within what was committed as one, and no unit is endless") {
  auto records = std::vector<Record>(10'001);
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].set_sequence(i + 1);
    records[i].set_with_next(true);
    auto& one = *records[i].mutable_transaction();
    one.set_type("transfer");
    auto& entry = *one.add_entries();
    entry.set_account_id("a");
    entry.set_amount(1);
  }
  for (const auto format : kFormats) {
    auto all = read(format, file_of(format, records, kHeader));
    CHECK(all.records.size() == 10'000);
    CHECK_THAT(all.refused, Catch::Contains("over 10,000 records would be committed as one"));
    const std::vector<Record> two(records.begin(), records.begin() + 2);
    all = read(format, file_of(format, two, kHeader));
    CHECK(all.records.size() == 2);
    CHECK_FALSE(all.is_complete);
    CHECK_THAT(all.refused, Catch::Contains("ends within what was committed as one: sequence 2"));
    auto whole = two;
    whole.back().set_with_next(false);
    CHECK(read(format, file_of(format, whole, kHeader)).is_complete);
  }
}

TEST_CASE("A record takes bounded memory, whatever the file says") {
  const std::string start = R"({"sequence":"1","time":"5","kind":"transfer",)";
  std::string many = "{}";
  for (int i = 0; i < 4096; ++i) many += ",{}";
  CHECK_THAT(
      read(RecordFormat::json_lines, json_with(start + R"("entries":[)" + many + "]}")).refused,
      Catch::StartsWith("2: there are over 4096 entries"));
  std::string keys = R"("k":"")";
  for (int i = 0; i < 20'000; ++i) keys += ",\"" + std::to_string(i) + "\":\"\"";
  CHECK_THAT(
      read(RecordFormat::json_lines, json_with(start + R"("metadata":{)" + keys + "}}")).refused,
      Catch::StartsWith("2: metadata is over 16 KiB"));
  const std::string large = R"("entries":[{"account":"a","amount":1}],"metadata":{"k":")";
  const std::string most((16 << 10) - 1, 'v');
  CHECK(read(RecordFormat::json_lines, json_with(start + large + most + "\"}}")).refused.empty());
  CHECK(read(RecordFormat::json_lines, json_with(start + large + most + "v\"}}")).refused ==
        "2: metadata is over 16 KiB");
  // A row is bounded, and so are all rows of one transaction.
  std::string rows;
  make_writer(RecordFormat::csv)->begin(kHeader, rows);
  const std::string account(3 << 20, 'a');
  for (int i = 1; i <= 9; ++i) {
    rows += "1,5,transfer,T,," + std::to_string(i) + ",9," + account + ",1" + std::string(23, ',') +
            "\r\n";
  }
  CHECK_THAT(read(RecordFormat::csv, rows).refused,
             Catch::Contains("the rows of one transaction are over 8 MiB"));
}

TEST_CASE("A CSV file of a program before reversals is read") {
  std::string rows;
  const auto writer = make_writer(RecordFormat::csv);
  writer->begin(kHeader, rows);
  Record record;
  record.set_sequence(kHeader.from_sequence);
  record.mutable_transaction()->set_type("credit");
  auto& entry = *record.mutable_transaction()->add_entries();
  entry.set_account_id("a");
  entry.set_amount(5);
  writer->add(record, rows);
  writer->end(kHeader.from_sequence, rows);
  // Before there were policies, and before there were reversals.
  const std::size_t columns = GENERATE(22, 21);
  std::string older;
  for (std::size_t begin = 0; begin < rows.size();) {
    const auto end = rows.find("\r\n", begin);
    auto cut = begin;
    for (std::size_t n = 0; n < columns; ++n) cut = rows.find(',', cut) + 1;
    older += rows.substr(begin, cut - 1 - begin) + "\r\n";
    begin = end + 2;
  }
  CHECK((older.find("reverses") == std::string::npos) == (columns == 21));
  CHECK(older.find("ceiling") == std::string::npos);
  const auto now = read(RecordFormat::csv, rows);
  const auto then = read(RecordFormat::csv, older);
  CHECK(now.refused.empty());
  CHECK(then.refused.empty());
  CHECK(then.is_complete);
  REQUIRE(then.records.size() == 1);
  CHECK(then.records.front().SerializeAsString() == now.records.front().SerializeAsString());
}

TEST_CASE("The first line says what comes before the file") {
  const auto refused = [](const std::string& header) {
    return read(RecordFormat::json_lines, header + "\n").refused;
  };
  const std::string start = R"({"format":"scalegraph-export","version":1,"ledger":"00",)";
  CHECK_THAT(refused(start + R"("from_sequence":1})"), Catch::StartsWith("1: after is missing"));
  CHECK_THAT(refused(start + R"("from_sequence":7,"after":7})"),
             Catch::StartsWith("1: after has to be below from_sequence"));
  CHECK(refused(start + R"("from_sequence":7,"after":6})").empty());
}
