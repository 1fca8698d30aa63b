// Texts and maps as JSON, and maps read back. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace sg::cli {

// Appends the text as a JSON string, in quotes. Needs: the text is UTF-8.
void append_json_text(std::string_view text, std::string& out);
// {"key":"value",...}
void append_json_map(const std::map<std::string, std::string>& map, std::string& out);

// Reads an object that maps text to text. The error is a sentence without a subject: "is not JSON".
[[nodiscard]] tl::expected<std::map<std::string, std::string>, std::string> read_json_map(
    std::string_view json);

}  // namespace sg::cli
