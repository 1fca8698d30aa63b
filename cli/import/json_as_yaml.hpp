// JSON that the YAML parser reads, so that one reader with line numbers serves both formats.
#pragma once

#include <string>
#include <string_view>

namespace sg::cli {

// Expects valid JSON. YAML differs in two places only: it takes no tab as indentation, and writes a
// character beyond U+FFFF as \U0001F600 and not as a pair of surrogates. Lines stay where they are.
[[nodiscard]] std::string json_as_yaml(std::string_view json);

}  // namespace sg::cli
