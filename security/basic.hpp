// A bearer token that comes as the password of HTTP's Basic scheme (RFC 7617): browsers ask their
// user for a name and a password, and know no other scheme. Pure: thread-safe.
#pragma once

#include <string>

namespace sg::security {

// The header's value as one of the Bearer scheme: with Basic, "Bearer " and the password, whatever
// the name is. Any other value is returned as it is.
std::string as_bearer(const std::string& authorization);

}  // namespace sg::security
