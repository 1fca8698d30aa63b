// The file that `scalegraphctl import` reads. It is checked as a whole before anything is created.
// Pure.
//
//   participants:                       # YAML, or the same as JSON
//     - id: seb
//       name: SEB
//       role: banking_partner
//       metadata: {country: SE}         # optional
//       accounts:                       # optional; the first becomes seb:operating
//         - type: operating
//           balance: 100000             # minor units, 0 if absent
//           floor: -5000                # 0 if absent
//           metadata: {purpose: daily}  # optional
//   accounts:                           # standalone ones
//     - id: alice
//       balance: 1000
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "proto/ledger.pb.h"

namespace sg::cli {

// What to create, in the order of the file. Participants have to be created first, because their
// accounts need them.
struct ImportPlan {
  std::vector<scalegraph::ledger::CreateParticipantRequest> participants;
  std::vector<scalegraph::ledger::CreateParticipantAccountRequest> participant_accounts;
  std::vector<scalegraph::ledger::CreateAccountRequest> accounts;
};

// One fault in the file.
struct ImportError {
  // From 1. 0 if the line is not known.
  int line = 0;
  std::string message;
};

// Reads and checks the text of a file. Returns the plan, or all faults in the order of their lines,
// at most 1,000.
//
// The text is taken for JSON if it begins with `{` and is valid JSON, else for YAML. A byte order
// mark may stand in front of it.
[[nodiscard]] tl::expected<ImportPlan, std::vector<ImportError>> parse_import(
    std::string_view text);

// "seb:operating": the id that the ledger gives to a participant's account.
[[nodiscard]] std::string account_id(
    const scalegraph::ledger::CreateParticipantAccountRequest& request);

}  // namespace sg::cli
