// Prints the key table as a TOML file with prose. The output is config/scalegraph.toml, byte for
// byte. Each key gets its explanation, a line of facts, and its default:
//
//   # Calls that the server works on at once. ...
//   #
//   # Unit: calls. Range: 1 to 1000000. Default: 4096.
//   max_in_flight = 4096
#include <sstream>

#include "config/keys.hpp"
#include "config/load.hpp"

namespace sg::config {
namespace {

constexpr std::size_t line_width = 80;  // columns

constexpr std::string_view introduction_text =
    "Settings of scalegraphd, the ledger's server.\n"
    "\n"
    "The daemon runs without this file: every key stands at its default here, so a key that is "
    "left out changes nothing. One key can be set for one start, and then wins over the file.\n"
    "\n"
    "  scalegraphd --config FILE                       start with a file\n"
    "  scalegraphd --config FILE --check               check it and start nothing\n"
    "  scalegraphd --set server.listen=127.0.0.1:0     set one key\n"
    "\n"
    "An unknown key, a wrong type or a value out of range stops the start and says the line and "
    "what would be right. SIGHUP reads the file once more: keys that say so change then, the log "
    "names the others, and a mistake changes nothing. Durations are whole numbers in the unit that "
    "their key names; bounds are inclusive.";

// A paragraph as comment lines of at most line_width columns. A word is never split.
std::string comment_paragraph(std::string_view text) {
  std::istringstream words{std::string(text)};
  std::string out;
  std::string line = "#";
  for (std::string word; words >> word;) {
    if (line.size() + 1 + word.size() > line_width) {
      out += line + "\n";
      line = "#";
    }
    line += " " + word;
  }
  return out + line + "\n";
}

// Each line of the text is a paragraph. A line that starts with a space is an example: it is not
// wrapped.
std::string comment(std::string_view text) {
  std::istringstream paragraphs{std::string(text)};
  std::string out;
  for (std::string paragraph; std::getline(paragraphs, paragraph);) {
    out += paragraph.starts_with(' ') ? "# " + paragraph + "\n" : comment_paragraph(paragraph);
  }
  return out;
}

// "16777216 (16 MiB)" for whole KiB, MiB and GiB, so that nobody has to count digits.
std::string amount(std::int64_t value, std::string_view unit) {
  constexpr std::int64_t step = 1024;
  auto out = std::to_string(value);
  if (unit != "bytes") return out;
  std::string_view name;
  for (const std::string_view next : {"KiB", "MiB", "GiB"}) {
    if (value < step || value % step != 0) break;
    value /= step;
    name = next;
  }
  return name.empty() ? out : out + " (" + std::to_string(value) + " " + std::string(name) + ")";
}

}  // namespace

std::string_view introduction() { return introduction_text; }

std::string facts(const Key& key) {
  const auto standard = read(key, defaults());
  const std::string unit(key.unit);
  const std::string live = key.is_live ? " SIGHUP changes it." : "";
  if (const auto* integer = std::get_if<Integer>(&key.type)) {
    return "Unit: " + unit + ". Range: " + amount(integer->min, unit) + " to " +
           amount(integer->max, unit) +
           ". Default: " + amount(std::get<std::int64_t>(standard), unit) + "." + live;
  }
  return "Form: " + unit + ". Default: " + to_toml(standard) + "." + live;
}

std::string describe() {
  auto out = comment(introduction());
  for (const auto& table : tables()) {
    out.append("\n[").append(table.name).append("]\n").append(comment(table.explanation));
    for (const auto& key : keys()) {
      if (key.table != table.name) continue;
      out += "\n" + comment(key.explanation) + "#\n" + "# " + facts(key) + "\n";
      out.append(key.name).append(" = ").append(to_toml(read(key, defaults()))).append("\n");
    }
  }
  return out;
}

}  // namespace sg::config
