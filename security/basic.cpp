#include "security/basic.hpp"

#include <openssl/evp.h>
#include <strings.h>

#include <string_view>

namespace sg::security {
namespace {

constexpr std::string_view kBasic = "Basic ";
constexpr std::size_t kMostBytes = 16'384;

}  // namespace

std::string as_bearer(const std::string& authorization) {
  const bool is_basic = authorization.size() > kBasic.size() && authorization.size() < kMostBytes &&
                        strncasecmp(authorization.data(), kBasic.data(), kBasic.size()) == 0;
  if (!is_basic) return authorization;
  const auto coded = std::string_view(authorization).substr(kBasic.size());
  std::string plain(coded.size() / 4 * 3 + 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(plain.data()),
                                   reinterpret_cast<const unsigned char*>(coded.data()),
                                   static_cast<int>(coded.size()));
  if (size < 0) return authorization;
  // EVP_DecodeBlock() counts what stands for padding.
  const auto padding = coded.ends_with("==") ? 2U : coded.ends_with("=") ? 1U : 0U;
  plain.resize(static_cast<std::size_t>(size) - padding);
  const auto colon = plain.find(':');
  if (colon == std::string::npos) return authorization;
  return "Bearer " + plain.substr(colon + 1);
}

}  // namespace sg::security
