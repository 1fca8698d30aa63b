#include "server/settings_manual.hpp"

#include "config/keys.hpp"
#include "config/load.hpp"

namespace sg::server {

command_line::Document settings_manual(std::string_view version) {
  command_line::ManualPage page("scalegraph.toml", 5, version, "settings of the Scalegraph ledger");
  page.heading("DESCRIPTION");
  page.text(config::introduction());
  for (const auto& table : config::tables()) {
    page.heading("[" + std::string(table.name) + "]");
    page.text(table.explanation);
    for (const auto& key : config::keys()) {
      if (key.table != table.name) continue;
      page.item(key.name, "", std::string(key.explanation));
      page.paragraph_of_item(config::facts(key));
    }
  }
  page.heading("SEE ALSO");
  page.see_also({"scalegraphd(8)"});
  return page.document();
}

}  // namespace sg::server
