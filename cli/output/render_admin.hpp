// The supervision tree, a verification and the balance sheet as text for people.
#pragma once

#include <string>

#include "proto/ledger.pb.h"

namespace sg::cli {

[[nodiscard]] std::string render_tree(const scalegraph::ledger::GetTreeResponse& tree, bool colour);

// Whether the last message of a verification says that all is well.
[[nodiscard]] bool sound(const scalegraph::ledger::VerifyResponse& last);
[[nodiscard]] std::string render_verification(const scalegraph::ledger::VerifyResponse& last,
                                              bool colour);
// "1200 of 5000 records, 24 %"
[[nodiscard]] std::string progress_text(const scalegraph::ledger::VerifyResponse& progress);

// Whether the balances add up to what was ever posted.
[[nodiscard]] bool sound(const scalegraph::ledger::GetBalanceSheetResponse& sheet);
[[nodiscard]] std::string render_balance_sheet(
    const scalegraph::ledger::GetBalanceSheetResponse& sheet, bool colour);

}  // namespace sg::cli
