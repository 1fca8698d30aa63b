// The files that say who may call, and the certificates of the server: read at the start, and again
// whenever they have changed.
//
//   CredentialFiles files(rules, "tokens", "keys.json");
//   auto authenticator = files.read();                // or a sentence that says what is wrong
//   if (files.have_changed()) authenticator = files.read();
//
// Concurrency: not thread-safe. An Authenticator that was read may be shared between threads.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "security/authenticator.hpp"

namespace sg::security {

// The bytes of a small file. The error is a sentence that names the file.
tl::expected<std::string, std::string> read_small_file(const std::filesystem::path& path);

class CredentialFiles {
 public:
  // An empty path: there is no such file.
  CredentialFiles(AuthenticationRules rules, std::filesystem::path tokens,
                  std::filesystem::path jwt_keys);

  // Reads both. Needs nothing of an earlier read; whoever has an Authenticator keeps it if this
  // fails.
  tl::expected<std::shared_ptr<const Authenticator>, std::string> read();
  // True if one of them is not as it was at the last read().
  bool have_changed() const;

 private:
  // What tells one state of a file from another; all 0: it cannot be looked at.
  using Stamp = std::array<std::uint64_t, 4>;
  static constexpr Stamp kUnread{~std::uint64_t{0}, 0, 0, 0};  // of no file
  static Stamp stamp_of(const std::filesystem::path& path);
  tl::unexpected<std::string> try_again(const std::string& why);

  AuthenticationRules rules_;
  std::filesystem::path tokens_;
  std::filesystem::path jwt_keys_;
  Stamp tokens_stamp_{};
  Stamp jwt_keys_stamp_{};
};

}  // namespace sg::security
