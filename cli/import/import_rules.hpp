// What the ledger takes of the texts in an import, so that a file is refused before anything of it
// is created. Pure; each returns what is wrong, to follow "id", "name" or "metadata".
#pragma once

#include <google/protobuf/map.h>

#include <optional>
#include <string>
#include <string_view>

namespace sg::cli {

// Of an id that is not empty.
[[nodiscard]] std::optional<std::string> wrong_id(std::string_view id);
[[nodiscard]] std::optional<std::string> wrong_name(std::string_view name);
[[nodiscard]] std::optional<std::string> wrong_metadata(
    const google::protobuf::Map<std::string, std::string>& metadata);

}  // namespace sg::cli
