// The names of the column families, in the order of Family. They are part of the store's format: a
// family that is renamed here is not found in an existing database.
#include <array>

#include "persistence/medium/key_value.hpp"

namespace sg::persistence {

std::string_view family_name(Family family) {
  static constexpr std::array<std::string_view, kFamilies> kNames{
      "meta", "blocks",  "participants", "accounts", "account_ids", "participant_accounts",
      "keys", "history", "balances"};
  return kNames[static_cast<std::size_t>(family)];
}

}  // namespace sg::persistence
