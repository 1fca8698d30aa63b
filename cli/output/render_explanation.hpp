// What a recent write went through, as text for people. Pure: a message in, text out.
#pragma once

#include <string>

#include "proto/ledger.pb.h"

namespace sg::cli {

// Facts of the write, a bar for each stage, locks that it waited for, and refusals.
[[nodiscard]] std::string render_explanation(
    const scalegraph::ledger::ExplainTransactionResponse& write, bool colour);

}  // namespace sg::cli
