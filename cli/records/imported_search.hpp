// The id that an imported transaction has in the ledger where it was imported.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

#include "cli/output/errors.hpp"
#include "cli/session/connection.hpp"

namespace sg::cli {

// Of the transaction that had the sequence in the other ledger. Its key tells, as long as it is
// kept. Afterwards it is searched by halves, since imports keep the order of their files: records
// that were there before the first import are passed over in each step. The failure says that it is
// not there, or that the connection was lost.
[[nodiscard]] tl::expected<std::string, Failure> find_imported(Connection& connection,
                                                               const std::string& ledger,
                                                               std::uint64_t sequence);

}  // namespace sg::cli
