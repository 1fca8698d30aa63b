// What a shard has read for a query: whether it may be told yet, and the answer that is a balance.
// Both the shard and the queries actor ask.
#pragma once

#include "actors/query.hpp"
#include "actors/runtime.hpp"

namespace sg::actors {

enum class Durability : std::uint8_t {
  durable,
  expected,   // once the journal that lives has made it so
  uncertain,  // an earlier journal had sequenced it: it may never become durable
};

// Of what query.readings show.
inline Durability durability_of(const Query& query, const Runtime& runtime) {
  // Before the incarnation: so it belongs to the journal of that incarnation, or to an earlier one.
  const auto durable = runtime.settled->load(std::memory_order_acquire);
  if (query.journal_incarnation != runtime.journal_incarnation()) return Durability::uncertain;
  return query.observed <= durable ? Durability::durable : Durability::expected;
}

// Needs: the query asks for a balance and has its reading.
inline ledger::Result<QueryAnswer> balance_answer(const Query& query) {
  const auto& id = std::get<BalanceOf>(query.ask).account_id;
  if (const auto& reading = query.readings.front()) {
    return Balance{id, reading->balance, ledger::available(reading->balance, reading->policy),
                   reading->observed};
  }
  return tl::unexpected(ledger::Error{ledger::Reason::account_not_found,
                                      "account " + id + " does not exist",
                                      {{"account_id", id}},
                                      ledger::Outcome::none});
}

}  // namespace sg::actors
