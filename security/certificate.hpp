// What a server has to know of its own certificate. Pure and thread-safe.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace sg::security {

// When the first certificate of a PEM file begins and ends to be valid.
struct Validity {
  std::chrono::system_clock::time_point from;
  std::chrono::system_clock::time_point until;
};
// The error is a sentence, which begins with what the bytes are not.
tl::expected<Validity, std::string> validity_of(std::string_view certificate_pem);

// Checks that every part of a PEM file is a certificate, and that there is one. The error is a
// sentence that begins with what the bytes are not.
tl::expected<void, std::string> check_certificates(std::string_view pem);

// Checks that the private key is that of the first certificate. The error is a sentence.
tl::expected<void, std::string> check_pair(std::string_view certificate_pem,
                                           std::string_view key_pem);

}  // namespace sg::security
