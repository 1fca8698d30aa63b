// Bearer tokens. A token is 256 random bits, shown once. The server has a file with the hash of
// each token, the name of its owner and what it may do:
//
//   # name  role               hash
//   ci      teller sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b
//
// A token has 256 bits of entropy, so a plain SHA-256 hides it: there is nothing to guess.
//
// Pure, but for make_token(). Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "security/roles.hpp"

namespace sg::security {

// What each token begins with, so that one is recognised in a log or a commit by mistake.
inline constexpr std::string_view kTokenPrefix = "sgt_";

// A line of the file.
struct TokenRow {
  std::string name;
  Grant grant;
  std::string hash;  // 64 hexadecimal digits, lower case
};

// A new token of the operating system's randomness. Throws std::runtime_error if it has none.
std::string make_token();
// The hash that the file has of this token.
std::string hash_of(std::string_view token);

// Reads the file. The error says which line is wrong, and what would be right. Empty lines and
// those that begin with # are skipped; a name may stand several times, a hash once.
tl::expected<std::vector<TokenRow>, std::string> parse_tokens(std::string_view text);
// The row as a line of the file, with its line break.
std::string to_line(const TokenRow& row);
// What is wrong with a name for the file, or nullopt: it needs 1 to 256 bytes without spaces and
// control characters, and does not begin with #.
std::optional<std::string> wrong_token_name(std::string_view name);

}  // namespace sg::security
