// What every fuzz target says when its input breaks a property: the sentence goes to stderr and the
// process aborts, so that libFuzzer keeps the input.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace sg::fuzz {

inline void must(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property broken: %s\n", property);
  std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// The input's first byte chooses what the rest is.
struct Choice {
  std::uint8_t number = 0;
  std::string_view rest;
};
inline Choice choice_of(std::string_view input) {
  if (input.empty()) return {};
  return {static_cast<std::uint8_t>(input.front()), input.substr(1)};
}

}  // namespace sg::fuzz

// libFuzzer calls it with each input.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
