// Page tokens: opaque to callers, bound to the listing that gave them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sg::actors {

// `listing` names the call and its filters; `position` is where the next page goes on.
std::string make_page_token(std::string_view listing, std::string_view position);
// The position; nothing when the token is none of ours or belongs to another listing.
std::optional<std::string> read_page_token(std::string_view listing, std::string_view token);

}  // namespace sg::actors
