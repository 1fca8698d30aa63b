// Looks for empty values in one pass over the arguments, with the rules of CLI11:
// - "--name=value" holds its value. "--name" of an option with a value takes the next argument,
//   whatever it looks like.
// - After "--" all arguments are positionals.
#include "command_line/empty_values.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <map>
#include <set>

namespace sg::command_line {
namespace {

constexpr const char* kAdvice = "leave it out or give it a value";

// What the pass has to know of the long options of the program and of all its commands.
struct Options {
  std::set<std::string> with_value;                // "--key": needs a value
  std::map<std::string, std::string> environment;  // "--server" -> "SCALEGRAPH_SERVER"
};

void collect(const CLI::App& app, Options& options) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      if (option->get_items_expected_min() > 0) options.with_value.insert("--" + name);
      if (!option->get_envname().empty()) {
        options.environment["--" + name] = option->get_envname();
      }
    }
  }
  const auto any = [](const CLI::App*) { return true; };
  for (const CLI::App* command : app.get_subcommands(any)) collect(*command, options);
}

std::string empty_option(const std::string& name) {
  return "the value of " + name + " is empty: " + kAdvice;
}

std::string empty_argument(const std::vector<std::string>& arguments, std::size_t index) {
  const std::string where =
      index == 0 ? "the first argument" : "the argument after \"" + arguments[index - 1] + "\"";
  return where + " is empty: " + kAdvice;
}

// The option on the command line wins over its variable, which is then not looked at.
std::optional<std::string> empty_variable(const Options& options,
                                          const std::set<std::string>& given) {
  for (const auto& [name, variable] : options.environment) {
    const char* value = std::getenv(variable.c_str());
    if (value != nullptr && *value == '\0' && !given.contains(name)) {
      return "the environment variable " + variable +
             " is empty: unset it, or give it the value "
             "for " +
             name;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> empty_value(const CLI::App& app,
                                       const std::vector<std::string>& arguments) {
  Options options;
  collect(app, options);
  std::set<std::string> given;
  bool only_positionals = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument.empty()) return empty_argument(arguments, i);
    if (only_positionals || !argument.starts_with("--")) continue;
    // Without "=", `equals` is npos: `name` is the whole argument, and `equals + 1` below is 0.
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    given.insert(name);
    if (argument == "--") {
      only_positionals = true;
    } else if (equals + 1 == argument.size()) {
      return empty_option(name);
    } else if (equals == std::string::npos && options.with_value.contains(name) &&
               i + 1 < arguments.size()) {
      ++i;  // the next argument is the value, even if it looks like an option
      if (arguments[i].empty()) return empty_option(name);
    }
  }
  return empty_variable(options, given);
}

}  // namespace sg::command_line
