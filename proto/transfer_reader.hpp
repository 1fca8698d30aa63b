// Reads the requests that move money straight from their bytes: ids and texts stay views of them,
// no message object is built. Accepts what the generated parser accepts; field numbers are those of
// the generated code.
#pragma once

#include <string_view>
#include <vector>

#include "ledger/transfer.hpp"

namespace sg::proto {

// What a request asks for. Its transfers point into `entries`, and both into the request's bytes.
struct TransferList {
  std::vector<ledger::Entry> entries;
  std::vector<ledger::Transfer> transfers;
  bool atomic = false;
};

// A TransferRequest, a TransferBatchRequest. False when the bytes are none, or a text is not UTF-8:
// explain_malformed() then says why.
[[nodiscard]] bool read_transfer(std::string_view bytes, TransferList& into);
[[nodiscard]] bool read_batch(std::string_view bytes, TransferList& into);

}  // namespace sg::proto
