#include "actors/gateway/transport/call_trace.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <random>

namespace sg::actors {
namespace {

constexpr std::size_t kMostIdBytes = 128;

bool is_id_character(char c) {
  constexpr std::string_view kOthers = "-_.:/+=";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kOthers.find(c) != std::string_view::npos;
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '0'; });
}

}  // namespace

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= kMostIdBytes &&
         std::all_of(text.begin(), text.end(), is_id_character);
}

bool is_traceparent(std::string_view text) {
  constexpr std::size_t kBytes = 55;
  if (text.size() != kBytes || text.substr(0, 3) != "00-") return false;
  if (text[35] != '-' || text[52] != '-') return false;
  const auto trace = text.substr(3, 32);
  const auto parent = text.substr(36, 16);
  return is_hex(trace) && is_hex(parent) && is_hex(text.substr(53)) && !is_zero(trace) &&
         !is_zero(parent);
}

// Not a secret: it only has to differ from others.
std::string new_request_id() {
  static thread_local std::mt19937_64 random{(std::uint64_t{std::random_device{}()} << 32) |
                                             std::random_device{}()};
  return fmt::format("{:016x}{:016x}", random(), random());
}

std::string traced(const grpc::ServerContext& context, std::string_view name,
                   bool (*is_right)(std::string_view)) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(grpc::string_ref(name.data(), name.size()));
  if (found == metadata.end()) return {};
  const std::string_view value(found->second.data(), found->second.size());
  return is_right(value) ? std::string(value) : std::string();
}

}  // namespace sg::actors
