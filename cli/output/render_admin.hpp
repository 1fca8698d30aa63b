// The supervision tree, a verification and the balance sheet as text for people. Pure: messages in,
// text out. With `colour` names and headers are bold.
#pragma once

#include <string>

#include "proto/ledger.pb.h"

namespace sg::cli {

// A table with one line for each actor. Lines in front of the names show who supervises it.
[[nodiscard]] std::string render_tree(const scalegraph::ledger::GetTreeResponse& tree, bool colour);

// Whether a verification found everything in order. Needs its last message. The walk has to be
// complete, with no problem, and balances and postings have the same sum.
[[nodiscard]] bool sound(const scalegraph::ledger::VerifyResponse& last);
// The figures of the verification, each problem, and the verdict.
[[nodiscard]] std::string render_verification(const scalegraph::ledger::VerifyResponse& last,
                                              bool colour);
// Progress: "1200 of 5000 records, 24 %". The share is left out while the total is not known.
[[nodiscard]] std::string progress_text(const scalegraph::ledger::VerifyResponse& progress);

// Whether all balances have the same sum as all postings ever made.
[[nodiscard]] bool sound(const scalegraph::ledger::GetBalanceSheetResponse& sheet);
// A table of the totals, their sum, and a warning if the sheet is not sound.
[[nodiscard]] std::string render_balance_sheet(
    const scalegraph::ledger::GetBalanceSheetResponse& sheet, bool colour);

}  // namespace sg::cli
