#include "security/credential_files.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace sg::security {
namespace {

constexpr std::size_t kMostBytes = 64 << 20;  // room for half a million tokens

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

tl::expected<std::string, std::string> read_small_file(const std::filesystem::path& path) {
  const auto failed = [&path] {
    return tl::unexpected("cannot read " + path.string() + ": " +
                          std::generic_category().message(errno));
  };
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rbe"));
  if (!file) return failed();
  std::string bytes;
  std::array<char, 4096> buffer{};
  while (const auto size = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    bytes.append(buffer.data(), size);
    if (bytes.size() > kMostBytes) {
      return tl::unexpected(path.string() + " has more than 64 MiB");
    }
  }
  if (std::ferror(file.get()) != 0) return failed();
  return bytes;
}

CredentialFiles::CredentialFiles(AuthenticationRules rules, std::filesystem::path tokens,
                                 std::filesystem::path jwt_keys)
    : rules_(std::move(rules)), tokens_(std::move(tokens)), jwt_keys_(std::move(jwt_keys)) {}

CredentialFiles::Stamp CredentialFiles::stamp_of(const std::filesystem::path& path) {
  struct stat found {};
  if (path.empty() || ::stat(path.c_str(), &found) != 0) return {};
  const auto number = [](auto value) { return static_cast<std::uint64_t>(value); };
  constexpr std::uint64_t kNanoseconds = 1'000'000'000;
  return {number(found.st_ino), number(found.st_size),
          number(found.st_mtim.tv_sec) * kNanoseconds + number(found.st_mtim.tv_nsec),
          number(found.st_ctim.tv_sec) * kNanoseconds + number(found.st_ctim.tv_nsec)};
}

bool CredentialFiles::have_changed() const {
  return stamp_of(tokens_) != tokens_stamp_ || stamp_of(jwt_keys_) != jwt_keys_stamp_;
}

// The file may be as it should be, and reading it failed: it counts as changed until it is read.
tl::unexpected<std::string> CredentialFiles::try_again(const std::string& why) {
  tokens_stamp_ = kUnread;
  jwt_keys_stamp_ = kUnread;
  return tl::unexpected(why);
}

tl::expected<std::shared_ptr<const Authenticator>, std::string> CredentialFiles::read() {
  // Taken before the files are read: a change in between is seen at the next look.
  tokens_stamp_ = stamp_of(tokens_);
  jwt_keys_stamp_ = stamp_of(jwt_keys_);
  std::vector<TokenRow> tokens;
  JwtKeys keys;
  if (!tokens_.empty()) {
    const auto bytes = read_small_file(tokens_);
    if (!bytes) return try_again(bytes.error());
    auto parsed = parse_tokens(*bytes);
    if (!parsed) return tl::unexpected(tokens_.string() + ": " + parsed.error());
    tokens = std::move(*parsed);
  }
  if (!jwt_keys_.empty()) {
    const auto bytes = read_small_file(jwt_keys_);
    if (!bytes) return try_again(bytes.error());
    auto parsed = parse_jwt_keys(*bytes);
    if (!parsed) return tl::unexpected(jwt_keys_.string() + ": " + parsed.error());
    keys = std::move(*parsed);
  }
  return std::make_shared<const Authenticator>(rules_, tokens, std::move(keys));
}

}  // namespace sg::security
