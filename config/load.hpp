// From files and arguments to Settings. Everything that is wrong with a file is reported together,
// and a file is accepted as a whole or not at all. The daemon starts from the defaults or a file,
// then applies each --set:
//
//   auto settings = load(file);                                  // or defaults()
//   auto done = apply_override(*settings, "log.level=debug");
//
// Thread safety: no shared state.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "config/error.hpp"
#include "config/keys.hpp"
#include "config/settings.hpp"

namespace sg::config {

// What the daemon runs with if there is no file and no --set.
[[nodiscard]] Settings defaults();

// Reads a TOML file of at most 1 MiB. A key that the file does not have keeps its default. Errors:
// - the file is missing, unreadable or too large;
// - it is not valid TOML;
// - a key is unknown, has the wrong type or is out of bounds.
[[nodiscard]] tl::expected<Settings, Errors> load(const std::filesystem::path& file);

// The same for a text. `source` names the text in errors, as a path names a file.
[[nodiscard]] tl::expected<Settings, Errors> parse(std::string_view text, std::string source);

// Applies one `--set`, such as "server.listen=127.0.0.1:0". The value is the text after the first
// "=". It stands without the quotes of TOML. The checks are those of a file. On an error the
// settings stay as they are.
[[nodiscard]] tl::expected<void, Error> apply_override(Settings& settings,
                                                       std::string_view assignment);

// A TOML file with every key, its explanation, unit, bounds and default. It parses to the defaults.
// config/scalegraph.toml holds exactly this text.
[[nodiscard]] std::string describe();

// What describe() begins with, without the comment signs: paragraphs, and examples that begin with
// a space.
[[nodiscard]] std::string_view introduction();
// The line below a key's explanation: its unit, range and default, and whether SIGHUP changes it.
[[nodiscard]] std::string facts(const Key& key);

}  // namespace sg::config
