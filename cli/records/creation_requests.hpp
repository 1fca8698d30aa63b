// The requests by which an import creates what a file has: as methods that every ledger knows, as
// far as they can say it.
#pragma once

#include "cli/records/record_fields.hpp"
#include "proto/ledger.pb.h"

namespace sg::cli {

// Needs: the record is a participant.
[[nodiscard]] scalegraph::ledger::CreateParticipantRequest participant_of(const Record& record);
// Needs, for all below: the record is an account.
[[nodiscard]] bool has_to_be_opened(const scalegraph::ledger::Account& account);
[[nodiscard]] scalegraph::ledger::OpenAccountRequest opened_of(const Record& record);
[[nodiscard]] scalegraph::ledger::CreateParticipantAccountRequest owned_of(const Record& record);
[[nodiscard]] scalegraph::ledger::CreateAccountRequest standalone_of(const Record& record);

}  // namespace sg::cli
