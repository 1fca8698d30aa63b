// What only one undecided item at a time may have: a reference that is to be unique, or a
// transaction that is to be taken back.
#pragma once

#include <string>

#include "ledger/transfer.hpp"

namespace sg::ledger {

struct Claim {
  std::string name;                // names of different claims differ
  bool is_taken_for_good = false;  // by an item that commits
};

inline bool is_reversal(const Transfer& transfer) {
  return transfer.details != nullptr && transfer.details->reverses.sequence != 0;
}
inline bool has_claims(const Transfer& transfer) {
  return is_reversal(transfer) || wants_unique_reference(transfer);
}

// Calls visit(claim) with each of the transfer's claims.
template <class Visit>
void for_each_claim(const Transfer& transfer, Visit visit) {
  if (wants_unique_reference(transfer)) {
    visit(Claim{"reference " + std::string(transfer.reference), true});
  }
  if (is_reversal(transfer)) {
    visit(Claim{"original " + std::to_string(transfer.details->reverses.sequence), false});
  }
}

}  // namespace sg::ledger
