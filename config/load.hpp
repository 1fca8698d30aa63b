// From files and arguments to Settings. Everything wrong with a file is reported together; nothing
// is half accepted. The daemon's order: defaults or the file, then each --set.
//
// Thread safety: no shared state.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "config/error.hpp"
#include "config/settings.hpp"

namespace sg::config {

[[nodiscard]] Settings defaults();

// Reads a TOML file of at most 1 MiB; a key that it does not have keeps its default. Errors: the
// file is missing, unreadable or too large; it is not TOML; a key is unknown, of another type or
// out of bounds.
[[nodiscard]] tl::expected<Settings, Errors> load(const std::filesystem::path& file);

// The same for a text; `source` names it in errors.
[[nodiscard]] tl::expected<Settings, Errors> parse(std::string_view text, std::string source);

// One `--set`: "server.listen=127.0.0.1:0". The text after the first = is the value, without TOML's
// quotes. Same checks as for a file. On an error the settings are unchanged.
[[nodiscard]] tl::expected<void, Error> apply_override(Settings& settings,
                                                       std::string_view assignment);

// Every key with its explanation, unit, bounds and default: a TOML file that parses to the
// defaults. config/scalegraph.toml holds exactly this.
[[nodiscard]] std::string describe();

}  // namespace sg::config
