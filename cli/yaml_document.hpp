// One YAML document out of a text.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <tl/expected.hpp>

namespace sg::cli {

// The only document of the text, or why there is not exactly one. Throws YAML::Exception for a text
// that is no YAML.
[[nodiscard]] tl::expected<YAML::Node, std::string> only_document(const std::string& text);

}  // namespace sg::cli
