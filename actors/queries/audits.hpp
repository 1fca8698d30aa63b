// What auditors read: the chain's origins, and the node's own log.
#pragma once

#include "actors/queries/reads.hpp"
#include "security/audit_log.hpp"

namespace sg::actors {

ReadResult read_committed_audit(const persistence::Store& store, const CommittedAudit& ask);
// `log`: null, nothing is kept. Bounded by the limit and by bytes.
ReadResult read_answered_audit(const security::AuditLog* log, const AnsweredAudit& ask);

}  // namespace sg::actors
