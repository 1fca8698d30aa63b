#include "command_line/manual.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <utility>

namespace sg::command_line {
namespace {

// roff reads a backslash as an escape, and a line that begins with a dot or a quote as a request. A
// plain "-" would become a hyphen that nobody can copy into a shell.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (out.empty() || out.back() == '\n') {
      if (c == '.' || c == '\'') out += "\\&";
    }
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

// "scalegraphd: the ledger server" says its name twice on a page.
std::string summary_of(const CommandFacts& command) {
  const auto begin = command.path.back() + ": ";
  auto text = command.description;
  if (text.starts_with(begin)) text.erase(0, begin.size());
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string with_facts(const OptionFacts& option) {
  auto text = option.description;
  const auto add = [&text](const std::string& more) { text += (text.empty() ? "" : "; ") + more; };
  if (option.is_required) add("required");
  if (!option.needs.empty()) add("needs " + option.needs);
  if (!option.excludes.empty()) add("not with " + option.excludes);
  if (!option.environment.empty()) add("variable " + option.environment);
  return text;
}

std::string value_of(const OptionFacts& option) {
  if (option.value.empty()) return {};
  return (option.may_lack_value ? " [" + option.value + "]" : " " + option.value) +
         (option.takes_many ? " ..." : "");
}

void add_options(ManualPage& page, const CommandFacts& command) {
  std::string group;
  for (const auto& option : command.options) {
    if (!option.is_positional && option.group != group && option.group != "Options") {
      page.subheading(option.group);
    }
    if (!option.is_positional) group = option.group;
    const auto names =
        option.short_name.empty() ? option.name : option.short_name + ", " + option.name;
    page.item(
        option.is_positional ? "" : names,
        option.is_positional ? option.name + (option.takes_many ? " ..." : "") : value_of(option),
        with_facts(option));
  }
}

std::string synopsis_of(const CommandFacts& command) {
  std::string text = "[OPTIONS]";
  for (const auto& option : command.options) {
    if (!option.is_positional) continue;
    const auto name = option.name + (option.takes_many ? "..." : "");
    text += option.is_required ? " " + name : " [" + name + "]";
  }
  if (!command.commands.empty()) text += " COMMAND";
  return text;
}

std::string page_name(const CommandFacts& command) {
  std::string name;
  for (const auto& word : command.path) name += (name.empty() ? "" : "-") + word;
  return name;
}

// A command and all of those below it that do something.
void add_command(ManualPage& page, const CommandFacts& command) {
  if (command.commands.empty()) {
    page.subheading(command.name() + " " + synopsis_of(command));
    page.text(summary_of(command) + ".");
    add_options(page, command);
  }
  for (const auto& below : command.commands) add_command(page, below);
}

Document command_page(const CommandFacts& command, const CommandFacts& program,
                      const Manual& manual) {
  const auto parent = program.path.back() + "(" + std::to_string(manual.section) + ")";
  ManualPage page(page_name(command), manual.section, manual.version, summary_of(command));
  page.heading("COMMANDS");
  add_command(page, command);
  page.heading("OPTIONS OF ALL COMMANDS");
  page.text("See " + parent + ".");
  page.heading("NOTES");
  page.text(command.footer.empty() ? program.footer : command.footer);
  page.heading("SEE ALSO");
  page.see_also({parent});
  return page.document();
}

void add_environment(ManualPage& page, const CommandFacts& program) {
  const bool reads_any =
      std::any_of(program.options.begin(), program.options.end(),
                  [](const OptionFacts& option) { return !option.environment.empty(); });
  if (!reads_any) return;
  page.heading("ENVIRONMENT");
  for (const auto& option : program.options) {
    if (option.environment.empty()) continue;
    page.item(option.environment, "", "in place of " + option.name + ", if that is not given");
  }
}

Document program_page(const CommandFacts& program, const Manual& manual) {
  const auto section = "(" + std::to_string(manual.section) + ")";
  ManualPage page(program.path.back(), manual.section, manual.version, summary_of(program));
  page.heading("SYNOPSIS");
  page.item(program.name(), " " + synopsis_of(program), "");
  page.heading("OPTIONS");
  add_options(page, program);
  auto also = manual.see_also;
  if (!program.commands.empty()) {
    page.heading("COMMANDS");
    for (const auto& command : program.commands) {
      page.item(command.path.back(), "", summary_of(command) + ": " + page_name(command) + section);
      also.push_back(page_name(command) + section);
    }
  }
  add_environment(page, program);
  for (const auto& [heading, text] : manual.sections) {
    page.heading(heading);
    page.text(text);
  }
  if (!program.footer.empty()) {
    page.heading("NOTES");
    page.text(program.footer);
  }
  page.heading("SEE ALSO");
  page.see_also(also);
  return page.document();
}

}  // namespace

ManualPage::ManualPage(std::string name, int section, std::string_view version,
                       std::string_view summary)
    : name_(std::move(name)), section_(section) {
  text_ = ".TH " + upper(name_) + " " + std::to_string(section_) + " \"\" \"Scalegraph " +
          std::string(version) + "\" \"Scalegraph\"\n";
  heading("NAME");
  text_ += escaped(name_) + " \\- " + escaped(summary) + "\n";
}

void ManualPage::heading(std::string_view text) { text_ += ".SH " + escaped(text) + "\n"; }

void ManualPage::subheading(std::string_view text) { text_ += ".SS " + escaped(text) + "\n"; }

void ManualPage::text(std::string_view text) {
  std::istringstream lines{std::string(text)};
  bool begins = false;  // a heading has begun the first one
  bool is_example = false;
  for (std::string line; std::getline(lines, line);) {
    const bool was_example = std::exchange(is_example, line.starts_with(' '));
    if (was_example && !is_example) text_ += ".EE\n";
    if (line.empty()) {
      begins = true;
      continue;
    }
    if (begins || is_example != was_example) text_ += ".PP\n";
    if (is_example && !was_example) text_ += ".EX\n";
    begins = false;
    text_ += escaped(line) + "\n";
  }
  if (is_example) text_ += ".EE\n";
}

void ManualPage::item(std::string_view bold, std::string_view italic, std::string_view text) {
  text_ += ".TP\n";
  if (!bold.empty()) text_ += "\\fB" + escaped(bold) + "\\fR";
  if (!italic.empty()) text_ += "\\fI" + escaped(italic) + "\\fR";
  text_ += "\n" + (text.empty() ? "\\&" : escaped(text)) + "\n";
}

void ManualPage::paragraph_of_item(std::string_view text) {
  text_ += ".IP\n" + escaped(text) + "\n";
}

void ManualPage::see_also(const std::vector<std::string>& pages) {
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const auto name = pages[i].substr(0, pages[i].find('('));
    text_ += ".BR " + escaped(name) + " " + pages[i].substr(name.size()) +
             (i + 1 < pages.size() ? " ,\n" : "\n");
  }
}

Document ManualPage::document() const { return {name_ + "." + std::to_string(section_), text_}; }

std::vector<Document> manual_pages(const CommandFacts& program, const Manual& manual) {
  std::vector<Document> pages{program_page(program, manual)};
  for (const auto& command : program.commands) {
    pages.push_back(command_page(command, program, manual));
  }
  return pages;
}

}  // namespace sg::command_line
