// Page tokens: where the next page of a listing begins. They are opaque to callers, and valid only
// for the listing that gave them, with the same filters.
//
//   auto token = make_page_token("accounts", "alice");
//   read_page_token("accounts", token);          // "alice"
//   read_page_token("transactions", token);      // nullopt
//
// A token is checked against mistakes, not against attacks: it grants nothing that its caller could
// not ask for anyway.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sg::actors {

// `listing` names the method and its filters. `position` is where the next page goes on, for
// example the id of the last row. The token is safe in a URL.
std::string make_page_token(std::string_view listing, std::string_view position);
// The position, or nullopt if the token is malformed or belongs to another listing.
std::optional<std::string> read_page_token(std::string_view listing, std::string_view token);

}  // namespace sg::actors
