#include "actors/queries/portions.hpp"

#include <algorithm>
#include <string>

#include "actors/actor_errors.hpp"

namespace sg::actors {
namespace {

// Of the SHA-256 that tells one chain from others, the bytes that are told: enough for a name.
constexpr std::size_t kIdentityChars = 32;

ledger::Error beyond_end(ledger::Sequence first, ledger::Sequence last) {
  return {ledger::Reason::sequence_out_of_range,
          "from_sequence is " + std::to_string(first) + " and the last record to send is " +
              std::to_string(last) + ": begin at " + std::to_string(last + 1) + " at the latest",
          {{"field", "from_sequence"}, {"last_sequence", std::to_string(last)}},
          ledger::Outcome::none};
}

}  // namespace

ReadResult read_portion(const persistence::Store& store, const RecordsOfChain& ask) {
  // Loaded once: the end does not move while the portion is read.
  const auto durable = store.durable();
  ChainPortion portion;
  portion.last = ask.last == 0 ? durable : std::min(ask.last, durable);
  const auto first = std::max<ledger::Sequence>(ask.first, 1);
  if (first > portion.last + 1) return tl::unexpected(beyond_end(first, portion.last));
  if (ask.with_identity) {
    const auto identity = store.first_hash();
    if (!identity) return tl::unexpected(unavailable_error(identity.error()));
    if (*identity) portion.ledger = persistence::to_hex(**identity).substr(0, kIdentityChars);
  }
  auto read = store.records({first, portion.last, kPortionBytes});
  if (!read) return tl::unexpected(unavailable_error(read.error()));
  portion.records = std::move(read->records);
  portion.next = read->next;
  return portion;
}

}  // namespace sg::actors
