// What a program's options and commands are, read out of CLI11: for all that is made of them beside
// the parsing, namely man pages and shell completions. Hidden options and commands are left out.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace sg::command_line {

struct OptionFacts {
  std::string name;         // "--key"; of a positional, "ENTRY"
  std::string short_name;   // "-h"; empty: there is none
  std::string value;        // "SECONDS"; empty: a flag, or a positional
  std::string description;  // as --help has it
  std::string group;        // its heading: "Options"
  std::string environment;  // the variable that is read instead, or empty
  std::string needs;        // "--participant": options without which it is bad usage
  std::string excludes;     // options with which it is bad usage
  bool is_positional = false;
  bool is_required = false;
  bool takes_many = false;      // values
  bool may_lack_value = false;  // "--watch" and "--watch 2" are both right

  // True if the value is the path of a file or a folder.
  bool is_path() const;
};

struct CommandFacts {
  std::vector<std::string> path;  // "scalegraphctl", "account", "create"
  std::string description;
  std::string footer;
  std::vector<OptionFacts> options;  // positionals first
  std::vector<CommandFacts> commands;

  std::string name() const;  // "scalegraphctl account create"
};

[[nodiscard]] CommandFacts facts_of(const CLI::App& app);

}  // namespace sg::command_line
