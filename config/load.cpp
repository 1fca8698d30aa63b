// Reads settings from a TOML file, in three steps:
// - the file is read whole, up to a limit;
// - toml++ parses it, which stops at the first error of syntax;
// - Reader judges each table and key, and collects all errors.
//
// Thus one run shows every misspelt key and every value out of bounds.
#include "config/load.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <sstream>
#include <system_error>

#include "config/keys.hpp"
#include "config/path.hpp"
#include "config/unknown.hpp"

namespace sg::config {
namespace {

constexpr std::size_t max_file_bytes = 1'048'576;  // 1 MiB; a full file has about 8 KiB

// Closes the file when its unique_ptr goes.
struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// An error that concerns the whole file.
Errors one_error(std::string source, std::string message) {
  return {Error{std::move(source), std::nullopt, "", "", std::move(message)}};
}

// The bytes of the file, or a sentence. C streams, because errno then says why they failed.
tl::expected<std::string, std::string> read_file(const std::filesystem::path& path) {
  const auto reason = [] { return std::generic_category().message(errno); };
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  if (!file) {
    // The daemon takes the path literally. With `--config=~/x` the shell does not expand the ~
    // either.
    return tl::unexpected("cannot open the file: " + reason() +
                          (expects_shell(path.string())
                               ? "; only a shell expands ~ and $HOME, and not behind `=`"
                               : ""));
  }
  std::string text;
  std::array<char, 4096> buffer{};
  while (const auto bytes = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    text.append(buffer.data(), bytes);
    // Checked while reading: the path may name a device that never ends.
    if (text.size() > max_file_bytes) {
      return tl::unexpected("the file has more than " + std::to_string(max_file_bytes) + " bytes");
    }
  }
  if (std::ferror(file.get()) != 0) return tl::unexpected("cannot read the file: " + reason());
  return text;
}

// Names the type in "must be ..., found ...".
std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a floating-point number";
    case toml::node_type::boolean:
      return "a boolean";
    case toml::node_type::date:
      return "a date";
    case toml::node_type::time:
      return "a time";
    case toml::node_type::date_time:
      return "a date and time";
    case toml::node_type::none:
      break;
  }
  return "nothing";
}

// The value as TOML writes it. Empty for tables and arrays, which may be long.
std::string value_text(const toml::node& node) {
  if (node.is_table() || node.is_array()) return "";
  if (const auto* string = node.as_string()) return quote(string->get());
  std::ostringstream out;
  out << toml::toml_formatter(node);
  return out.str();
}

// nullopt if it has a type that no key has.
std::optional<Value> value_of(const toml::node& node) {
  if (const auto* integer = node.as_integer()) return integer->get();
  if (const auto* string = node.as_string()) return string->get();
  if (const auto* flag = node.as_boolean()) return flag->get();
  return std::nullopt;
}

// Walks over one document and collects its errors. The settings are valid only if there are none.
class Reader {
 public:
  explicit Reader(std::string source) : source_(std::move(source)) {}

  tl::expected<Settings, Errors> read_document(const toml::table& document) {
    for (const auto& [name, node] : document) read_top_level(name, node);
    if (errors_.empty()) return settings_;
    // toml++ sorts the keys of a table by name. The operator reads the file from top to bottom.
    std::stable_sort(errors_.begin(), errors_.end(),
                     [](const Error& a, const Error& b) { return a.line < b.line; });
    return tl::unexpected(errors_);
  }

 private:
  void read_top_level(const toml::key& name, const toml::node& node) {
    const auto* table = node.as_table();
    const bool known = is_table(name.str());
    // Four cases: a known name that is a table or not, and an unknown name that is a table or not.
    if (known && table != nullptr) {
      for (const auto& [key_name, value] : *table) read_key(name, key_name, value);
    } else if (known) {
      note(name, name.str(), value_text(node),
           "must be a table, [" + std::string(name.str()) + "] with its keys below it, found " +
               std::string(type_name(node)));
    } else if (table != nullptr) {
      // Reported once, because its keys may all be right.
      note(name, name.str(), "", unknown_table(name.str()));
    } else {
      note(name, name.str(), "", unknown_key("", name.str()));
    }
  }

  void read_key(const toml::key& table, const toml::key& name, const toml::node& node) {
    const auto* key = find_key(table.str(), name.str());
    if (key == nullptr) {
      note(name, full_name(table, name), "", unknown_key(table.str(), name.str()));
      return;
    }
    const auto value = value_of(node);
    const auto must_be = value ? write(*key, *value, settings_) : wanted(*key);
    if (!must_be) return;
    // Both are variants of the same type: an equal index means an equal type.
    const bool right_type = value && value->index() == read(*key, settings_).index();
    note(name, key->full_name(), value_text(node),
         "must be " + *must_be + (right_type ? "" : ", found " + std::string(type_name(node))));
  }

  static std::string full_name(const toml::key& table, const toml::key& name) {
    return std::string(table.str()).append(".").append(name.str());
  }

  void note(const toml::key& at, std::string_view key, std::string value, std::string message) {
    errors_.push_back(Error{source_, at.source().begin.line, printable(key), std::move(value),
                            std::move(message)});
  }

  std::string source_;
  Settings settings_ = defaults();
  Errors errors_;
};

}  // namespace

Settings defaults() { return {}; }

tl::expected<Settings, Errors> parse(std::string_view text, std::string source) {
  try {
    return Reader(source).read_document(toml::parse(text, source));
  } catch (const toml::parse_error& error) {
    return tl::unexpected(Errors{Error{std::move(source), error.source().begin.line, "", "",
                                       "not valid TOML: " + one_line(error.description())}});
  }
}

tl::expected<Settings, Errors> load(const std::filesystem::path& file) {
  const auto text = read_file(file);
  if (!text) return tl::unexpected(one_error(file.string(), text.error()));
  return parse(*text, file.string());
}

}  // namespace sg::config
