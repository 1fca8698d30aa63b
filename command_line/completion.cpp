// Each script first finds the command that the words so far have come to, such as " account
// create". It passes over the values of options, since a value may read like a command. Then it
// offers what this command takes: the commands below it, its options, and those of the commands
// above it.
#include "command_line/completion.hpp"

#include <functional>
#include <set>
#include <vector>

namespace sg::command_line {
namespace {

// A command, with what may stand behind it.
struct Place {
  std::string path;  // " account create"; empty: the program itself
  const CommandFacts* command = nullptr;
  std::vector<const OptionFacts*> options;  // those of the commands above too, without positionals
  bool takes_path = false;                  // a positional is the path of a file
};

void collect(const CommandFacts& command, const std::string& path,
             std::vector<const OptionFacts*> above, std::vector<Place>& places) {
  Place place{path, &command, {}, false};
  std::set<std::string> own;
  for (const auto& option : command.options) {
    place.takes_path = place.takes_path || (option.is_positional && option.is_path());
    if (!option.is_positional && own.insert(option.name).second) place.options.push_back(&option);
  }
  for (const auto* option : above) {
    if (!own.contains(option->name)) place.options.push_back(option);
  }
  const auto options = place.options;
  places.push_back(std::move(place));
  for (const auto& below : command.commands) {
    collect(below, path + " " + below.path.back(), options, places);
  }
}

std::vector<Place> places_of(const CommandFacts& program) {
  std::vector<Place> places;
  collect(program, "", {}, places);
  return places;
}

using Wanted = std::function<bool(const OptionFacts&)>;

// The names of options anywhere in the program, with `between` between them.
std::string option_names(const std::vector<Place>& places, const Wanted& wanted,
                         const std::string& between) {
  std::set<std::string> names;
  for (const auto& place : places) {
    for (const auto* option : place.options) {
      if (wanted(*option)) names.insert(option->name);
    }
  }
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : between) + name;
  return all;
}

bool needs_value(const OptionFacts& option) {
  return !option.value.empty() && !option.may_lack_value;
}
bool needs_path(const OptionFacts& option) { return needs_value(option) && option.is_path(); }

// For text between single quotes: in the shells a quote ends the string, so it is put in apart.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// fish reads \' and \\ between single quotes.
std::string fish_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

// The case branches by which bash and zsh find the command; both understand the same.
std::string walk(const std::vector<Place>& places) {
  std::string out = "    case \"$place $word\" in\n";
  for (const auto& place : places) {
    if (!place.path.empty()) out += "      " + quoted(place.path) + ") ;;\n";
  }
  return out + "      *) continue ;;\n    esac\n    place=\"$place $word\"\n";
}

// For names that begin a function: "-" may not stand in one everywhere.
std::string function_name(const CommandFacts& program) {
  auto name = program.path.back();
  for (char& c : name) c = c == '-' ? '_' : c;
  return "_" + name;
}

std::string head(const CommandFacts& program, const std::string& shell) {
  return "# Completion of " + program.path.back() + " in " + shell +
         ", made from the program's own options and commands.\n";
}

// "NAME:DESCRIPTION" as zsh's _describe takes it.
std::string described(const std::string& name, const std::string& description) {
  std::string escaped;
  for (const char c : name) escaped += c == ':' ? std::string("\\:") : std::string(1, c);
  return quoted(escaped + ":" + description);
}

}  // namespace

std::string bash_completion(const CommandFacts& program) {
  const auto places = places_of(program);
  const auto function = function_name(program);
  const auto paths = option_names(places, needs_path, "|");
  auto out = head(program, "bash") + function +
             "() {\n"
             "  local word place='' offered='' i\n"
             "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
             "  COMPREPLY=()\n"
             "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
             "    word=${COMP_WORDS[i]}\n"
             "    case $word in\n"
             "      " +
             option_names(places, needs_value, "|") +
             ")\n"
             "        ((++i))\n"
             "        continue\n"
             "        ;;\n"
             "    esac\n" +
             walk(places) + "  done\n  case $before in\n";
  if (!paths.empty()) {
    out += "    " + paths +
           ")\n"
           "      mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
           "      return\n"
           "      ;;\n";
  }
  out += "    " + option_names(places, needs_value, "|") +
         ") return ;;\n"
         "  esac\n"
         "  case $place in\n";
  for (const auto& place : places) {
    out += "    " + quoted(place.path) + ")\n      offered='";
    for (const auto& below : place.command->commands) out += below.path.back() + " ";
    for (const auto* option : place.options) out += option->name + " ";
    out.back() = '\'';
    out += "\n";
    if (place.takes_path) {
      out += "      [[ $current == -* ]] || mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n";
    }
    out += "      ;;\n";
  }
  return out +
         "  esac\n"
         "  mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W \"$offered\" -- \"$current\")\n"
         "}\n"
         "complete -o filenames -F " +
         function + " " + program.path.back() + "\n";
}

std::string zsh_completion(const CommandFacts& program) {
  const auto places = places_of(program);
  const auto paths = option_names(places, needs_path, "|");
  auto out = "#compdef " + program.path.back() + "\n" + head(program, "zsh") +
             function_name(program) +
             "() {\n"
             "  local word place='' i\n"
             "  local -a commands_here options_here\n"
             "  for ((i = 2; i < CURRENT; ++i)); do\n"
             "    word=${words[i]}\n"
             "    case $word in\n"
             "      " +
             option_names(places, needs_value, "|") +
             ")\n"
             "        ((++i))\n"
             "        continue\n"
             "        ;;\n"
             "    esac\n" +
             walk(places) + "  done\n  case ${words[CURRENT - 1]} in\n";
  if (!paths.empty()) out += "    " + paths + ")\n      _files\n      return\n      ;;\n";
  out += "    " + option_names(places, needs_value, "|") +
         ")\n"
         "      _message value\n"
         "      return\n"
         "      ;;\n"
         "  esac\n"
         "  case $place in\n";
  for (const auto& place : places) {
    out += "    " + quoted(place.path) + ")\n";
    out += "      commands_here=(\n";
    for (const auto& below : place.command->commands) {
      out += "        " + described(below.path.back(), below.description) + "\n";
    }
    out += "      )\n      options_here=(\n";
    for (const auto* option : place.options) {
      out += "        " + described(option->name, option->description) + "\n";
    }
    out += "      )\n";
    if (place.takes_path) out += "      _files\n";
    out += "      ;;\n";
  }
  return out +
         "  esac\n"
         "  ((${#commands_here})) && _describe -t commands command commands_here\n"
         "  _describe -o -t options option options_here\n"
         "}\n" +
         function_name(program) + " \"$@\"\n";
}

std::string fish_completion(const CommandFacts& program) {
  const auto places = places_of(program);
  const auto& name = program.path.back();
  const auto at = "_" + function_name(program) + "_at";
  auto out = head(program, "fish") + "function " + at +
             " --argument-names wanted\n"
             "    set -l place ''\n"
             "    set -l is_value 0\n"
             "    for word in (commandline -opc)[2..-1]\n"
             "        if test $is_value = 1\n"
             "            set is_value 0\n"
             "            continue\n"
             "        end\n"
             "        switch $word\n"
             "            case " +
             option_names(places, needs_value, " ") +
             "\n"
             "                set is_value 1\n"
             "                continue\n"
             "        end\n"
             "        switch \"$place $word\"\n"
             "            case";
  for (const auto& place : places) {
    if (!place.path.empty()) out += " " + fish_quoted(place.path);
  }
  if (places.size() == 1) out += " ''";
  out +=
      "\n"
      "                set place \"$place $word\"\n"
      "        end\n"
      "    end\n"
      "    test \"$place\" = \"$wanted\"\n"
      "end\n"
      "complete -c " +
      name + " -f\n";
  for (const auto& place : places) {
    const auto line = "complete -c " + name + " -n " + quoted(at + " \"" + place.path + "\"") + " ";
    for (const auto& below : place.command->commands) {
      out += line + "-a " + below.path.back() + " -d " + fish_quoted(below.description) + "\n";
    }
    for (const auto* option : place.options) {
      out += line + "-l " + option->name.substr(2);
      if (needs_value(*option)) out += option->is_path() ? " -r -F" : " -x";
      out += " -d " + fish_quoted(option->description) + "\n";
    }
    if (place.takes_path) out += line + "-F\n";
  }
  return out;
}

}  // namespace sg::command_line
