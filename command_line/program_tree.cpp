#include "command_line/program_tree.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <set>

namespace sg::command_line {
namespace {

std::string names_of(const std::set<CLI::Option*>& options) {
  std::set<std::string> names;  // pointers have no order
  for (const auto* option : options) names.insert(option->get_name());
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

OptionFacts facts_of(const CLI::Option& option) {
  OptionFacts facts;
  facts.is_positional = option.get_positional();
  facts.name = facts.is_positional ? option.get_name(true) : "--" + option.get_lnames().front();
  if (!option.get_snames().empty()) facts.short_name = "-" + option.get_snames().front();
  const bool takes_value = option.get_items_expected_max() > 0;
  if (takes_value && !facts.is_positional) {
    facts.value = option.get_type_name();
    if (facts.value.empty()) facts.value = "VALUE";
  }
  facts.description = option.get_description();
  facts.group = option.get_group();
  facts.environment = option.get_envname();
  facts.needs = names_of(option.get_needs());
  facts.excludes = names_of(option.get_excludes());
  facts.is_required = option.get_required();
  facts.takes_many = option.get_items_expected_max() > 1;
  facts.may_lack_value = takes_value && option.get_items_expected_min() == 0;
  return facts;
}

CommandFacts facts_below(const CLI::App& app, std::vector<std::string> path) {
  CommandFacts facts;
  path.push_back(app.get_name());
  facts.description = app.get_description();
  facts.footer = app.get_footer();
  for (const auto* option : app.get_options()) {
    if (!option->get_group().empty()) facts.options.push_back(facts_of(*option));
  }
  std::stable_partition(facts.options.begin(), facts.options.end(),
                        [](const OptionFacts& option) { return option.is_positional; });
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) facts.commands.push_back(facts_below(*command, path));
  }
  facts.path = std::move(path);
  return facts;
}

}  // namespace

bool OptionFacts::is_path() const {
  const auto& what = is_positional ? name : value;
  return what == "FILE" || what == "FOLDER" || what == "DIR";
}

std::string CommandFacts::name() const {
  std::string all;
  for (const auto& word : path) all += (all.empty() ? "" : " ") + word;
  return all;
}

CommandFacts facts_of(const CLI::App& app) { return facts_below(app, {}); }

}  // namespace sg::command_line
