// What the reads of actors/queries/reads.hpp have in common: errors of arguments, and of the store.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "actors/actor_errors.hpp"
#include "actors/queries/answer_rows.hpp"
#include "actors/queries/reads.hpp"

namespace sg::actors {

// An error with one fact for programs. A read changes nothing, so its outcome is `none`.
inline tl::unexpected<ledger::Error> refuse(ledger::Reason reason, std::string message,
                                            std::string key, std::string value) {
  return tl::unexpected(ledger::Error{
      reason, std::move(message), {{std::move(key), std::move(value)}}, ledger::Outcome::none});
}

// The error for a store that could not be read.
inline tl::unexpected<ledger::Error> failed(const persistence::StoreError& error) {
  return tl::unexpected(unavailable_error(error));
}

inline tl::unexpected<ledger::Error> bad_token() { return tl::unexpected(bad_token_error()); }

// The number that is all of `text`, or nullopt.
template <class T>
std::optional<T> number_in(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// 0 is allowed: it means that no page size in bytes was set.
inline std::optional<ledger::Error> check_page_bytes(std::int64_t page_bytes) {
  if (page_bytes >= 0 && page_bytes <= static_cast<std::int64_t>(kMaxAnswerBytes)) {
    return std::nullopt;
  }
  return ledger::Error{ledger::Reason::page_bytes_out_of_range,
                       "page_bytes is " + std::to_string(page_bytes) +
                           ": it must be from 0 (not set) to 16777216 (16 MiB)",
                       {{"field", "page_bytes"}},
                       ledger::Outcome::none};
}

}  // namespace sg::actors
