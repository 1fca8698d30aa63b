// The man page of the settings file, made from the table of its keys: scalegraph.toml(5).
#pragma once

#include <string_view>

#include "command_line/manual.hpp"

namespace sg::server {

[[nodiscard]] command_line::Document settings_manual(std::string_view version);

}  // namespace sg::server
