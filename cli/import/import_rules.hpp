// The ledger's rules for texts, so that a file is refused before anything of it is created. Pure.
//
// Each function returns nullopt, or what is wrong. The result follows the word "id", "name" or
// "metadata" in a sentence: "is over 256 bytes".
#pragma once

#include <google/protobuf/map.h>

#include <optional>
#include <string>
#include <string_view>

namespace sg::cli {

// At most 256 bytes of UTF-8 without control characters. Needs: the id is not empty.
[[nodiscard]] std::optional<std::string> wrong_id(std::string_view id);
// At most 1,024 bytes of UTF-8.
[[nodiscard]] std::optional<std::string> wrong_name(std::string_view name);
// At most 16 KiB of keys and values together, all of them UTF-8.
[[nodiscard]] std::optional<std::string> wrong_metadata(
    const google::protobuf::Map<std::string, std::string>& metadata);

}  // namespace sg::cli
