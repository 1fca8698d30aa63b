// Rewrites JSON so that the YAML parser reads it. Thus one reader with line numbers serves both
// formats. Pure.
#pragma once

#include <string>
#include <string_view>

namespace sg::cli {

// Returns the same document as YAML, with every line where it was. Needs: `json` is valid JSON.
// JSON and YAML differ in two places only:
// - YAML takes no tab as indentation: tabs become spaces.
// - YAML writes a character beyond U+FFFF as \U0001F600 in place of a pair of surrogates.
[[nodiscard]] std::string json_as_yaml(std::string_view json);

}  // namespace sg::cli
