// JSON lines: one object on each line, as RFC 8259 says.
//
//   line      := {"format":"scalegraph-export","version":1,"ledger":TEXT,"from_sequence":NUMBER,
//                 "after":NUMBER}
//              | {"sequence":NUMBER,"time":NUMBER,"kind":KIND, FIELD...}
//              | {"kind":"end","sequence":NUMBER}
//   entries   := [{"account":TEXT,"amount":NUMBER}, ...]
//   metadata  := {TEXT:TEXT, ...}
//
// Numbers of 64 bits are written as strings, as everywhere in this program (cli/output/json.hpp).
// Bare whole numbers are read as well. What is empty is left out.
#include <bitset>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/records/json_text.hpp"
#include "cli/records/record_writer.hpp"

namespace sg::cli {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kEntries = "entries";
constexpr std::string_view kMetadata = "metadata";
// A line of 8 MiB may hold many times more of either, which would take much memory.
constexpr std::size_t kMostEntries = 4096;
constexpr std::size_t kMostKeys = 16 << 10;  // in 16 KiB of metadata

// Takes the events of the parser. A false ends the parsing; error() says why.
class Handler : public nlohmann::json_sax<Json> {
 public:
  // What the object is: a line of a file, or metadata alone.
  enum class Form : std::uint8_t { line, metadata };

  Handler(RecordFields& into, Form form) : into_(into), form_(form) {}

  bool null() override { return refuse("null has no meaning here: leave the field out"); }
  bool boolean(bool value) override { return scalar(value ? "true" : "false", Type::boolean); }
  bool number_integer(std::int64_t value) override {
    return scalar(std::to_string(value), Type::number);
  }
  bool number_unsigned(std::uint64_t value) override {
    return scalar(std::to_string(value), Type::number);
  }
  bool number_float(double, const std::string& text) override {
    return refuse(text + " is not a whole number of 64 bits");
  }
  bool string(std::string& value) override { return scalar(std::move(value), Type::text); }
  bool binary(Json::binary_t&) override { return refuse("binary values have no meaning here"); }

  bool start_object(std::size_t) override {
    switch (place_) {
      case Place::outside:
        place_ = form_ == Form::line ? Place::line : Place::metadata;
        return true;
      case Place::line:
        if (name_ != kMetadata) return refuse(name_ + " cannot be an object");
        place_ = Place::metadata;
        return true;
      case Place::entries:
        if (into_.entries.size() == kMostEntries) return refuse("there are over 4096 entries");
        place_ = Place::entry;
        into_.entries.emplace_back();
        return true;
      case Place::entry:
      case Place::metadata:
        break;
    }
    return refuse("an object cannot stand in " + std::string(place_name()));
  }
  bool end_object() override {
    if (place_ == Place::entry) {
      place_ = Place::entries;
    } else {
      place_ = place_ == Place::metadata && form_ == Form::line ? Place::line : Place::outside;
    }
    return true;
  }
  bool start_array(std::size_t) override {
    if (place_ != Place::line || name_ != kEntries) return refuse("only entries are a list");
    place_ = Place::entries;
    return true;
  }
  bool end_array() override {
    place_ = Place::line;
    return true;
  }
  bool key(std::string& name) override {
    name_ = std::move(name);
    if (place_ == Place::line) return known_once();
    if (place_ == Place::entry) {
      if (name_ == "account" || name_ == "amount") return true;
      return refuse("an entry has account and amount, and no " + quoted(name_));
    }
    if (!into_.metadata.emplace(name_, std::string()).second) {
      return refuse("metadata has " + quoted(name_) + " twice");
    }
    if (into_.metadata.size() > kMostKeys) return refuse("metadata is over 16 KiB");
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
    return refuse("it is not JSON, from byte " + std::to_string(position) + " on");
  }

  std::string error() const { return error_.value_or("it is not an object"); }

 private:
  enum class Place : std::uint8_t { outside, line, entries, entry, metadata };
  enum class Type : std::uint8_t { text, number, boolean };

  static std::string quoted(const std::string& name) {
    constexpr std::size_t kMost = 64;
    return '"' + name.substr(0, kMost) + '"';
  }
  const char* place_name() const { return place_ == Place::metadata ? "metadata" : "an entry"; }

  bool refuse(std::string what) {
    if (!error_) error_ = std::move(what);
    return false;
  }

  // A name on the line: which field it is, once.
  bool known_once() {
    std::size_t number = 0;
    if (name_ == kEntries) {
      number = kFields;
    } else if (name_ == kMetadata) {
      number = kFields + 1;
    } else {
      while (number < kFields && name_ != name_of(static_cast<Field>(number))) ++number;
      if (number == kFields) return refuse(quoted(name_) + " is no field of an export");
      field_ = static_cast<Field>(number);
    }
    if (seen_.test(number)) return refuse(quoted(name_) + " stands twice");
    seen_.set(number);
    return true;
  }

  // A number may stand where a number belongs, and true or false in two fields only.
  bool scalar(std::string value, Type type) {
    if (place_ == Place::line) {
      if (name_ == kEntries || name_ == kMetadata) return refuse(name_ + " has a wrong type");
      if (!takes(field_, type)) return refuse(name_ + " has a wrong type");
      into_[field_] = std::move(value);
      return true;
    }
    if (place_ == Place::metadata) {
      if (type != Type::text) return refuse("metadata maps text to text");
      into_.metadata[name_] = std::move(value);
      return true;
    }
    if (place_ != Place::entry) return refuse("an object was expected");
    auto& entry = into_.entries.back();
    auto& to = name_ == "account" ? entry.account : entry.amount;
    if (name_ == "account" && type != Type::text) return refuse("account has a wrong type");
    if (type == Type::boolean) return refuse("amount has a wrong type");
    if (!to.empty()) return refuse("an entry has " + name_ + " twice");
    to = std::move(value);
    return true;
  }
  static bool takes(Field field, Type type) {
    switch (field) {
      case Field::version:
      case Field::from_sequence:
      case Field::after:
      case Field::sequence:
      case Field::time:
      case Field::initial_balance:
      case Field::floor:
      case Field::effective_at:
      case Field::reverses:
      case Field::ceiling:
        return type != Type::boolean;
      default:
        return type == (is_flag(field) ? Type::boolean : Type::text);
    }
  }

  RecordFields& into_;
  const Form form_;
  Place place_ = Place::outside;
  std::string name_;
  Field field_ = Field::format;
  std::bitset<kFields + 2> seen_;  // fields, entries, metadata
  std::optional<std::string> error_;
};

tl::expected<void, std::string> parse(std::string_view json, RecordFields& into,
                                      Handler::Form form) {
  Handler handler(into, form);
  if (Json::sax_parse(json.begin(), json.end(), &handler)) return {};
  return tl::unexpected(handler.error());
}

class JsonSource final : public FieldSource {
 public:
  tl::expected<Got, RecordError> read(TextInput& in, RecordFields& into) override {
    const auto line = in.line();
    line_.clear();
    int byte = in.get();
    if (byte == TextInput::kEnd) return Got::end;
    for (; byte != TextInput::kEnd && byte != '\n'; byte = in.get()) {
      if (line_.size() == kMostLineBytes) {
        return tl::unexpected(RecordError{line, "it is over 8 MiB long: no record is"});
      }
      line_.push_back(static_cast<char>(byte));
    }
    const auto parsed = parse(line_, into, Handler::Form::line);
    if (parsed) return Got::fields;
    // The rest of an object that was cut off is missing. One that is whole is read without a line
    // end too.
    if (byte == TextInput::kEnd) return Got::cut_off;
    return tl::unexpected(RecordError{line, parsed.error()});
  }

 private:
  std::string line_;
};

// Appends `"name":` with a comma before it, unless it is the first.
void name(std::string_view name, std::string& out) {
  if (out.back() != '{') out += ',';
  append_json_text(name, out);
  out += ':';
}

class JsonWriter final : public RecordWriter {
 public:
  void begin(const ExportHeader& header, std::string& out) const override {
    // As format_of() expects it.
    out += R"({"format":"scalegraph-export","version":1,"ledger":)";
    append_json_text(header.ledger, out);
    out += R"(,"from_sequence":")" + std::to_string(header.from_sequence) + '"';
    out += R"(,"after":")" + std::to_string(header.after) + "\"}\n";
  }
  void add(const Record& record, std::string& out) const override {
    const auto fields = to_fields(record);
    out += '{';
    for (std::size_t i = 0; i < kFields; ++i) {
      const auto field = static_cast<Field>(i);
      if (fields[field].empty()) continue;
      name(name_of(field), out);
      if (is_flag(field)) {
        out += fields[field];
      } else {
        append_json_text(fields[field], out);
      }
    }
    if (!fields.entries.empty()) {
      name(kEntries, out);
      out += '[';
      for (const auto& entry : fields.entries) {
        if (out.back() != '[') out += ',';
        out += R"({"account":)";
        append_json_text(entry.account, out);
        out += R"(,"amount":")" + entry.amount + "\"}";
      }
      out += ']';
    }
    if (!fields.metadata.empty()) {
      name(kMetadata, out);
      append_json_map(fields.metadata, out);
    }
    out += "}\n";
  }
  void end(std::uint64_t last_sequence, std::string& out) const override {
    out += R"({"kind":"end","sequence":")" + std::to_string(last_sequence) + "\"}\n";
  }
};

}  // namespace

std::unique_ptr<FieldSource> make_json_source() { return std::make_unique<JsonSource>(); }
std::unique_ptr<RecordWriter> make_json_writer() { return std::make_unique<JsonWriter>(); }
std::unique_ptr<RecordWriter> make_writer(RecordFormat format) {
  return format == RecordFormat::csv ? make_csv_writer() : make_json_writer();
}

void append_json_text(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_json_map(const std::map<std::string, std::string>& map, std::string& out) {
  out += '{';
  for (const auto& [key, value] : map) {
    name(key, out);
    append_json_text(value, out);
  }
  out += '}';
}

tl::expected<std::map<std::string, std::string>, std::string> read_json_map(std::string_view json) {
  RecordFields fields;
  if (const auto parsed = parse(json, fields, Handler::Form::metadata); !parsed) {
    return tl::unexpected(parsed.error());
  }
  return std::move(fields.metadata);
}

}  // namespace sg::cli
