// The file that `scalegraphctl import` reads, checked as a whole before anything is created. Pure.
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

// In the order of the file; a participant's accounts need the participant first.
struct ImportPlan {
  std::vector<scalegraph::ledger::CreateParticipantRequest> participants;
  std::vector<scalegraph::ledger::CreateParticipantAccountRequest> participant_accounts;
  std::vector<scalegraph::ledger::CreateAccountRequest> accounts;
};

struct ImportError {
  // From 1; 0 where it cannot be told.
  int line = 0;
  std::string message;
};

// A JSON file is told by its first character, `{`, and by being valid JSON. A byte order mark may
// stand before it. At most 1,000 errors are listed.
[[nodiscard]] tl::expected<ImportPlan, std::vector<ImportError>> parse_import(
    std::string_view text);

// "seb:operating": the id that the ledger gives to a participant's account.
[[nodiscard]] std::string account_id(
    const scalegraph::ledger::CreateParticipantAccountRequest& request);

}  // namespace sg::cli
