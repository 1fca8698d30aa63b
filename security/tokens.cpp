#include "security/tokens.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

#include "security/bytes.hpp"

namespace sg::security {
namespace {

constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kHashDigits = 64;
constexpr std::size_t kMaxNameBytes = 256;
constexpr std::string_view kHashPrefix = "sha256:";
constexpr std::string_view kBlanks = " \t\r";

// The next word of the line; empty: there is none.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const auto word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

std::string_view trim(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

bool is_hash(std::string_view text) {
  return text.size() == kHashDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// The role is all between the first and the last word: a participant's id may have spaces.
tl::expected<TokenRow, std::string> parse_line(std::string_view line) {
  const auto name = take_word(line);
  line = trim(line);
  auto hash = line.substr(line.find_last_of(kBlanks) + 1);
  const auto role = trim(line.substr(0, line.size() - hash.size()));
  if (role.empty()) return tl::unexpected(std::string("must be NAME ROLE sha256:HASH"));
  if (const auto wrong = wrong_token_name(name)) return tl::unexpected(*wrong);
  const auto grant = parse_grant(role);
  if (!grant) {
    return tl::unexpected("\"" + std::string(role) +
                          "\" is no role: admin, operator, teller, auditor, participant or "
                          "participant:ID");
  }
  if (!hash.starts_with(kHashPrefix) || !is_hash(hash.substr(kHashPrefix.size()))) {
    return tl::unexpected(
        std::string("the hash must be sha256: and 64 hexadecimal digits in lower case"));
  }
  hash.remove_prefix(kHashPrefix.size());
  return TokenRow{std::string(name), *grant, std::string(hash)};
}

}  // namespace

std::string make_token() {
  std::array<unsigned char, kTokenBytes> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) {
    throw std::runtime_error("the operating system gives no random bytes");
  }
  return std::string(kTokenPrefix) +
         to_base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string hash_of(std::string_view token) { return to_hex(sha256(token)); }

tl::expected<std::vector<TokenRow>, std::string> parse_tokens(std::string_view text) {
  std::vector<TokenRow> rows;
  std::set<std::string> hashes;
  for (std::size_t number = 1; !text.empty(); ++number) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line = trim(line);
    if (line.empty() || line.front() == '#') continue;
    auto row = parse_line(line);
    const auto where = "line " + std::to_string(number) + ": ";
    if (!row) return tl::unexpected(where + row.error());
    if (!hashes.insert(row->hash).second) {
      return tl::unexpected(where + "the hash stands in an earlier line: each token has one line");
    }
    rows.push_back(std::move(*row));
  }
  return rows;
}

std::string to_line(const TokenRow& row) {
  return row.name + " " + to_string(row.grant) + " " + std::string(kHashPrefix) + row.hash + "\n";
}

std::optional<std::string> wrong_token_name(std::string_view name) {
  const bool is_right = !name.empty() && name.size() <= kMaxNameBytes && name.front() != '#' &&
                        std::all_of(name.begin(), name.end(), [](char c) {
                          return static_cast<unsigned char>(c) > 0x20 && c != 0x7F;
                        });
  if (is_right) return std::nullopt;
  return "a name must have 1 to 256 bytes without spaces and control characters, and not begin "
         "with #";
}

}  // namespace sg::security
