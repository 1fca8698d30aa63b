#pragma once

#include <string>
#include <string_view>

#include "persistence/record.hpp"

namespace sg::persistence {

BlockHash sha256(std::string_view bytes);
std::string to_hex(const BlockHash& hash);

}  // namespace sg::persistence
