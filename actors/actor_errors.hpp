// Errors of the layers below as exit reasons and as answers.
#pragma once

#include <caf/atom.hpp>
#include <caf/error.hpp>
#include <caf/message.hpp>
#include <string>

#include "ledger/error.hpp"
#include "persistence/store.hpp"

namespace sg::actors {

inline constexpr caf::atom_value store_category = caf::atom("store");

// Why an actor ends that cannot go on without the store.
inline caf::error store_error(const persistence::StoreError& error) {
  return {static_cast<std::uint8_t>(static_cast<int>(error.fault) + 1), store_category,
          caf::make_message(error.message)};
}

inline bool is_no_space(const caf::error& error) {
  return error && error.category() == store_category &&
         error.code() == static_cast<int>(persistence::StoreFault::no_space) + 1;
}

inline caf::error gateway_error(std::string message) {
  return {1, caf::atom("gateway"), caf::make_message(std::move(message))};
}

inline caf::error cannot_listen_error(std::string message) {
  return {2, caf::atom("gateway"), caf::make_message(std::move(message))};
}

// The renderer of both categories, for actor_system_config::add_error_category.
inline std::string render_store_error(std::uint8_t, caf::atom_value, const caf::message& context) {
  return context.match_elements<std::string>() ? context.get_as<std::string>(0) : "store";
}

// A read that the store could not serve.
inline ledger::Error unavailable_error(const persistence::StoreError& error) {
  const bool is_building = error.fault == persistence::StoreFault::building;
  return {is_building ? ledger::Reason::index_building : ledger::Reason::journal_unavailable,
          error.message,
          {},
          ledger::Outcome::none};
}

}  // namespace sg::actors
